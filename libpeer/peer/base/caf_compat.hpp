// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/config.hpp"
#include "caf/fwd.hpp"
#include "caf/mailbox_element.hpp"
#include "caf/message_id.hpp"
#include "caf/resumable.hpp"
#include "caf/span.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

#if CAF_MAJOR_VERSION < 1
#  include "caf/byte.hpp"
#  include "caf/execution_unit.hpp"
#  include "caf/string_view.hpp"
#else
#  include "caf/scheduler.hpp"
#endif

/// @file
/// The differences between the CAF versions that libpeer supports (0.18.7 to 1.1). No other file may ask for CAF's
/// version.

namespace peer {

#if CAF_MAJOR_VERSION < 1
using caf_string_view = caf::string_view;
using caf_byte = caf::byte;
#else
using caf_string_view = std::string_view;
using caf_byte = std::byte;
#endif

/// CAF's view of a name as the standard's.
inline std::string_view to_std(caf_string_view text) noexcept {
  return {text.data(), text.size()};
}

// -- where actors run ---

#if CAF_MAJOR_VERSION < 1

/// What CAF hands to an actor that it resumes, and what an actor hands its follow-up work to.
using actor_host = caf::execution_unit;

/// Base of an `actor_host` of our own: everything that becomes ready to run arrives at `run_later`.
class custom_actor_host : public actor_host {
public:
  explicit custom_actor_host(caf::actor_system& sys) : actor_host(&sys) {}

  /// Takes over one reference to `job` and runs it later. May be called by any thread.
  virtual void run_later(caf::resumable* job) = 0;

  void exec_later(caf::resumable* job) final { run_later(job); }
};

#else

using actor_host = caf::scheduler;

class custom_actor_host : public actor_host {
public:
  explicit custom_actor_host(caf::actor_system&) {}

  virtual void run_later(caf::resumable* job) = 0;

  void schedule(caf::resumable* job) final { run_later(job); }
  void delay(caf::resumable* job) final { run_later(job); }
  void start() final {}
  void stop() final {}
};

#endif

/// Hands `job`, with the reference that comes with it, to the scheduler of `sys`.
template <class System>
void schedule(System& sys, caf::resumable* job) {
#if CAF_MAJOR_VERSION < 1
  sys.scheduler().enqueue(job);
#else
  sys.scheduler().schedule(job);
#endif
}

// -- messages that an actor has skipped ---

/// Puts a message among those that `self` has skipped, as if it had done so with this one right now. Called in the
/// actor, by a handler.
template <class Actor, class... Ts>
void skip_message(Actor& self, Ts&&... xs) {
#if CAF_MAJOR_VERSION < 1
  auto what = caf::make_mailbox_element(nullptr, caf::make_message_id(), {}, std::forward<Ts>(xs)...);
  self.get_normal_queue().cache().push_back(what.release()); // push_to_cache counts it twice
#else
  self.push_to_cache(caf::make_mailbox_element(nullptr, caf::make_message_id(), std::forward<Ts>(xs)...));
#endif
}

/// Lets `self` look at the messages that it has skipped once more, also at those of high priority.
template <class Actor>
void look_at_skipped([[maybe_unused]] Actor& self) {
#if CAF_MAJOR_VERSION < 1
  self.get_urgent_queue().flush_cache(); // else they wait for the next one of their priority
  self.get_normal_queue().flush_cache();
#endif
}

} // namespace peer
