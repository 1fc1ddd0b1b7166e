// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/timespan.hpp"

#include <chrono>
#include <cstdint>
#include <deque>

namespace peer::internal::supervisor {

/// Tells when a supervisor gives up: when more than `intensity` restarts fall within `period`, both ends included (OTP:
/// supervisor:add_restart/1, which counts whole seconds).
class restart_counter {
public:
  using time_point = std::chrono::steady_clock::time_point;

  restart_counter(std::uint32_t intensity, caf::timespan period) : intensity_(intensity), period_(period) {}

  /// Counts a restart. Returns false if it is one too many.
  bool add(time_point now) {
    while (!restarts_.empty() && restarts_.front() < now - period_)
      restarts_.pop_front();
    restarts_.push_back(now);
    return restarts_.size() <= intensity_;
  }

  /// Counts by other rules from now on; what has been counted stays.
  void change(std::uint32_t intensity, caf::timespan period) {
    intensity_ = intensity;
    period_ = period;
  }

private:
  std::uint32_t intensity_;
  caf::timespan period_;
  std::deque<time_point> restarts_; ///< oldest first
};

} // namespace peer::internal::supervisor
