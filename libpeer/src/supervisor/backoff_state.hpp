// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/child_spec.hpp"

#include <algorithm>
#include <chrono>

namespace peer::internal::supervisor {

/// The position of a child in its `restart_backoff`.
class backoff_state {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// The child has started to run.
  void on_started(time_point now) noexcept { running_since_ = now; }

  /// The delay of the next restart.
  /// @param random from 0 to 1
  caf::timespan next(const restart_backoff& rule, time_point now, double random) {
    if (running_since_ && now - *running_since_ >= rule.reset_after)
      delay_ = 0;
    running_since_.reset();
    auto limit = static_cast<double>(rule.maximum.count());
    auto first = static_cast<double>(rule.initial.count());
    delay_ = std::min(limit, delay_ > 0 ? delay_ * rule.factor : first);
    auto spread = 1 + rule.jitter * (2 * random - 1);
    return caf::timespan{static_cast<caf::timespan::rep>(delay_ * spread)};
  }

private:
  double delay_ = 0; ///< the last one, in nanoseconds and without jitter; 0 if there was none
  std::optional<time_point> running_since_;
};

} // namespace peer::internal::supervisor
