// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/timespan.hpp"

#include <chrono>
#include <cstdint>
#include <deque>

namespace peer::internal::supervisor {

/// Decides when a supervisor gives up: after more than `intensity` restarts within `period`, both ends included (OTP:
/// supervisor:add_restart/1, which counts whole seconds).
class restart_counter {
public:
  using time_point = std::chrono::steady_clock::time_point;

  restart_counter(std::uint32_t intensity, caf::timespan period) : intensity_(intensity), period_(period) {}

  /// Counts a restart. Returns false if that exceeds `intensity`.
  bool add(time_point now) {
    while (!restarts_.empty() && restarts_.front() < now - period_)
      restarts_.pop_front();
    restarts_.push_back(now);
    return restarts_.size() <= intensity_;
  }

  /// Changes the limits. Restarts counted so far stay.
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
