// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "base/caf_compat.hpp"
#include "peer/error.hpp"
#include "peer/sys_actor.hpp"
#include "sys/callbacks.hpp"
#include "sys/commands.hpp"
#include "sys/messages.hpp"

#include "caf/actor_addr.hpp"
#include "caf/behavior.hpp"
#include "caf/message_handler.hpp"
#include "caf/result.hpp"
#include "caf/scheduled_actor.hpp"
#include "caf/skip.hpp"
#include "caf/system_messages.hpp"

#include <string>
#include <tuple>
#include <utility>

namespace peer::internal::sys {

/// Adds system messages to `Base`, a typed actor whose interface has those of `sys_actor` and `sys_self`. An heir
/// implements `sys_callbacks` and makes its behaviour with `with_system_messages`:
///
///     using counter_self = counter_actor::extend_with<sys_actor>::extend_with<sys_self>;
///
///     class counter final : public with_sys<pinned<counter_self::base>> {
///     public:
///       using with_sys::with_sys;
///
///       behavior_type make_behavior() override {
///         return with_system_messages([this](int n) { count_ += n; });
///       }
///       …
///
/// Handlers for exits, downs, errors and other messages are set before the first message, or not at all.
template <class Base>
class with_sys : public Base, protected sys_callbacks {
public:
  using Base::Base;
  using typename Base::behavior_type;

protected:
  /// The behaviour of an actor with these handlers besides those of system messages.
  template <class... Handlers>
  behavior_type with_system_messages(Handlers... own) {
    return std::apply(
        [&](auto... ours) {
          return behavior_type{std::move(own)..., std::move(ours)...,
                               [this](const term& x) { static_cast<void>(on_term(x)); },
                               [](base::sys_held_atom, caf::action put_off) { put_off.run(); }};
        },
        system_handlers());
  }

  bool suspended() const noexcept { return now_ == sys_state::suspended; }

  /// Adds handlers that the actor has, besides those of system messages, while it is suspended.
  template <class... Handlers>
  void also_when_suspended(Handlers... own) {
    own_when_suspended_ = caf::message_handler{std::move(own)...};
  }

  /// Resumes the actor if it is suspended.
  void resume_system() { enter(sys_state::running); }

  /// Calls `f` at once or, if the actor is suspended, when it goes on, in its place among the messages.
  template <class F>
  void when_running(F f) {
    if (suspended())
      base::skip_message(*this, base::sys_held_atom_v, caf::make_action(std::move(f)));
    else
      f();
  }

private:
  auto system_handlers() {
    return std::tuple{
        [this](sys_get_state_atom) { return this->system_get_state(); },
        [this](sys_replace_state_atom, const state_function& f) -> caf::result<term> {
          return replace_system_state(f, *this);
        },
        [this](sys_suspend_atom) { enter(sys_state::suspended); },
        [this](sys_resume_atom) { enter(sys_state::running); },
        [this](sys_terminate_atom, caf::error& why) { this->system_terminate(std::move(why)); },
        [this](sys_change_code_atom, const atom& module, const term& old_version, const term& extra) {
          return on_change_code(module, old_version, extra);
        },
    };
  }

  caf::result<void> on_change_code(const atom& module, const term& old_version, const term& extra) {
    if (!suspended())
      return fail(errc::unknown_system_msg, "an actor's code changes only while it is suspended");
    if (auto err = this->system_code_change(module, old_version, extra))
      return err;
    return caf::unit;
  }

  /// Whether that was a system message.
  bool on_term(const term& x) {
    auto message = match_system_message(x);
    if (!message)
      return false;
    auto what = do_system_command(now_, message->request, *this, this->address());
    this->system_reply(message->to, erl::tuple{message->tag, what.reply});
    if (what.next == sys_state::terminating)
      this->system_terminate(std::move(what.reason));
    else
      enter(what.next);
    return true;
  }

  void enter(sys_state next) {
    if (std::exchange(now_, next) == next)
      return;
    if (next == sys_state::suspended)
      hold_messages();
    else
      go_on();
    this->system_suspend(suspended());
  }

  // -- while suspended ---

  void hold_messages() {
    own_ = this->handlers();
    this->set_default_handler([this](caf::message& x) { return skip_all_but_system_messages(x); });
    this->set_exit_handler([this](caf::exit_msg& x) { hold_exit(x); });
    this->set_down_handler([this](caf::down_msg& x) { when_running([this, x]() mutable { this->handle_now(x); }); });
    this->set_error_handler([this](caf::error& x) { when_running([this, x]() mutable { this->handle_now(x); }); });
    auto handlers =
        std::apply([](auto... ours) { return caf::message_handler{std::move(ours)...}; }, system_handlers());
    this->do_become(caf::behavior{handlers.or_else(own_when_suspended_)}, false);
  }

  void go_on() {
    this->set_handlers(std::move(own_));
    this->unbecome();
    base::look_at_skipped(*this);
  }

  caf::skippable_result skip_all_but_system_messages(caf::message& x) {
    if (x.match_elements<term>() && on_term(x.get_as<term>(0)))
      return caf::message{};
    return caf::skip;
  }

  void hold_exit(caf::exit_msg& x) {
    if (x.source && x.source == this->system_parent())
      this->system_terminate(std::move(x.reason));
    else
      when_running([this, x]() mutable { this->handle_now(x); });
  }

  caf::message_handler own_when_suspended_;
  sys_state now_ = sys_state::running;
  typename Base::handler_set own_; // while those of a suspended actor are in their place
};

} // namespace peer::internal::sys
