// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/actor_clock.hpp"
#include "caf/disposable.hpp"
#include "caf/scheduled_actor.hpp"
#include "caf/timespan.hpp"

#include <functional>
#include <utility>

namespace peer::internal::origin {

/// A timer of an actor, and its clock. Calls the same function whenever its time comes; setting it anew replaces the
/// time before.
class alarm {
public:
  using time_point = caf::actor_clock::time_point;

  /// @param self the actor that owns the alarm. @param action is called by that actor.
  alarm(caf::scheduled_actor& self, std::function<void()> action) : self_(self), action_(std::move(action)) {}

  alarm(const alarm&) = delete;
  alarm& operator=(const alarm&) = delete;

  /// The time of the actor's clock.
  time_point now() const { return self_.clock().now(); }

  void set(time_point when) {
    cancel();
    when_ = when;
    if (when != never)
      timer_ = self_.run_scheduled(when, [this] { ring(); });
  }

  /// @param delay `caf::infinite` cancels the alarm.
  void set_after(caf::timespan delay) { set(delay == caf::infinite ? never : now() + delay); }

  /// Sets the alarm unless it is already set to an earlier time.
  void set_if_earlier(time_point when) {
    if (when < when_)
      set(when);
  }

  void cancel() {
    timer_.dispose();
    timer_ = {};
    when_ = never;
  }

private:
  static constexpr auto never = time_point::max();

  void ring() {
    when_ = never;
    action_();
  }

  caf::scheduled_actor& self_;
  std::function<void()> action_;
  caf::disposable timer_;
  time_point when_ = never;
};

} // namespace peer::internal::origin
