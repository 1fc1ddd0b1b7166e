// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/caf_compat.hpp"

#include "caf/config.hpp"
#include "caf/fwd.hpp"
#include "caf/mailbox_element.hpp"
#include "caf/message_id.hpp"
#include "caf/resumable.hpp"
#include "caf/scheduled_actor.hpp"
#include "caf/span.hpp"
#include "caf/system_messages.hpp"

#include <chrono>
#include <cstddef>
#include <string_view>
#include <utility>

#if CAF_MAJOR_VERSION < 1
#  include "caf/execution_unit.hpp"
#  include "caf/send.hpp"
#else
#  include "caf/anon_mail.hpp"
#  include "caf/scheduler.hpp"
#endif

/// @file
/// The differences between the CAF versions that libpeer supports (0.18.7 to 1.1) in how actors run. Only this file and
/// `peer/detail/caf_compat.hpp` may ask for CAF's version.

namespace peer::internal::base {

// -- where actors run ---

#if CAF_MAJOR_VERSION < 1

/// What CAF hands to an actor that it resumes, and what an actor hands its follow-up work to.
using actor_host = caf::execution_unit;

/// Base of our own `actor_host`s: everything that becomes ready to run is passed to `run_later`.
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

// -- sending ---

/// Sends a message without a sender.
template <class Handle, class... Ts>
void send_anonymous(const Handle& whom, Ts&&... xs) {
#if CAF_MAJOR_VERSION < 1
  caf::anon_send(whom, std::forward<Ts>(xs)...);
#else
  caf::anon_mail(std::forward<Ts>(xs)...).send(whom);
#endif
}

/// Sends a request from `self`, an actor or a pointer to one. What comes back takes the handlers: `then`, `await` or,
/// in a blocking actor, `receive`.
template <class Self, class Handle, class Rep, class Period, class... Ts>
auto request_from(Self&& self, const Handle& whom, std::chrono::duration<Rep, Period> timeout, Ts&&... xs) {
#if CAF_MAJOR_VERSION < 1
  return self->request(whom, timeout, std::forward<Ts>(xs)...);
#else
  return self->mail(std::forward<Ts>(xs)...).request(whom, timeout);
#endif
}

/// Makes `self` drop messages that its behavior does not handle.
inline void drop_unhandled(caf::scheduled_actor& self) {
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
  self.set_default_handler(caf::drop);
#pragma GCC diagnostic pop
}

// -- building blocks of our own actors ---

/// Gives `Base`, an event-based actor, the calls of CAF 0.18 that later versions replace or drop.
template <class Base>
class compatible_actor : public Base {
public:
  using Base::Base;

  template <class Handle, class... Ts>
  void send(const Handle& whom, Ts&&... xs) {
#if CAF_MAJOR_VERSION < 1
    Base::send(whom, std::forward<Ts>(xs)...);
#else
    this->mail(std::forward<Ts>(xs)...).send(whom);
#endif
  }

  template <class Handle, class Rep, class Period, class... Ts>
  auto request(const Handle& whom, std::chrono::duration<Rep, Period> timeout, Ts&&... xs) {
    return request_from(static_cast<Base*>(this), whom, timeout, std::forward<Ts>(xs)...);
  }

  /// Passes the request that the actor handles on to another one, whose answer is its own.
  template <class Handle, class... Ts>
  auto delegate(const Handle& whom, Ts&&... xs) {
#if CAF_MAJOR_VERSION < 1
    return Base::delegate(whom, std::forward<Ts>(xs)...);
#else
    return this->mail(std::forward<Ts>(xs)...).delegate(whom);
#endif
  }

  // CAF 1.1 deprecates all these.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

  /// Has a `down_msg` sent to this actor when the other one ends.
  template <class Handle>
  void monitor(const Handle& whom) {
    Base::monitor(whom);
  }

  template <class Handle>
  void demonitor(const Handle& whom) {
    Base::demonitor(whom);
  }

  template <class F>
  void set_default_handler(F f) {
    Base::set_default_handler(std::move(f));
  }

  template <class F>
  void set_down_handler(F f) {
    Base::set_down_handler(std::move(f));
  }

  template <class F>
  void set_error_handler(F f) {
    Base::set_error_handler(std::move(f));
  }

  template <class F>
  void set_exit_handler(F f) {
    Base::set_exit_handler(std::move(f));
  }

#pragma GCC diagnostic pop

protected:
  /// What the actor does with messages that are not in its interface.
  struct handler_set {
    caf::scheduled_actor::default_handler other;
    caf::scheduled_actor::down_handler down;
    caf::scheduled_actor::error_handler error;
    caf::scheduled_actor::exit_handler exit;
  };

  handler_set handlers() const {
    return {this->default_handler_, this->down_handler_, this->error_handler_, this->exit_handler_};
  }

  void set_handlers(handler_set next) {
    this->default_handler_ = std::move(next.other);
    this->down_handler_ = std::move(next.down);
    this->error_handler_ = std::move(next.error);
    this->exit_handler_ = std::move(next.exit);
  }

  // Handle a message as if it came right now.
  void handle_now(caf::down_msg& x) { this->down_handler_(this, x); }
  void handle_now(caf::error& x) { this->error_handler_(this, x); }
  void handle_now(caf::exit_msg& x) { this->exit_handler_(this, x); }
};

// -- requests that cannot be processed ---

/// Answers a request to an actor that has ended, as CAF does.
inline void bounce(const caf::mailbox_element& what) {
  if (!what.sender || !what.mid.is_request())
    return;
  auto down = caf::make_error(caf::sec::request_receiver_down);
#if CAF_MAJOR_VERSION < 1
  what.sender->enqueue(nullptr, what.mid.response_id(), caf::make_message(std::move(down)), nullptr);
#else
  what.sender->enqueue(caf::make_mailbox_element(nullptr, what.mid.response_id(), std::move(down)), nullptr);
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

/// Makes `self` process the messages that it has skipped again, also those of high priority.
template <class Actor>
void look_at_skipped([[maybe_unused]] Actor& self) {
#if CAF_MAJOR_VERSION < 1
  self.get_urgent_queue().flush_cache(); // else they wait for the next one of their priority
  self.get_normal_queue().flush_cache();
#endif
}

} // namespace peer::internal::base
