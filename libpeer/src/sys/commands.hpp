// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/sys_actor.hpp"
#include "peer/term.hpp"
#include "sys/callbacks.hpp"

#include "caf/actor_addr.hpp"
#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <cstdint>
#include <optional>

/// @file
/// What system messages mean, without an actor: `handle_system_msg` and `do_cmd` of OTP's `sys`, `reply` of its `gen`.

namespace peer::internal::sys {

/// What an actor does besides its work.
enum class sys_state : std::uint8_t { running, suspended, terminating };

/// `{system, {Pid, Tag}, Request}`
struct system_message {
  term to;  ///< receives the answer: the pid, or an alias in the tag
  term tag; ///< what it begins with
  term request;
};

/// Reads a system message. Nothing if `x` is something else.
std::optional<system_message> match_system_message(const term& x);

/// What follows from a request.
struct system_answer {
  term reply;
  sys_state next;
  caf::error reason = {}; ///< to end with
};

/// Carries out a request, except for what it does to the actor's own state of affairs: that is `next`.
/// @param self the actor that `callbacks` belong to
system_answer do_system_command(sys_state now, const term& request, sys_callbacks& callbacks,
                                const caf::actor_addr& self);

/// Replaces the state by what `f` makes of it, and returns that. Fails with `errc::callback_failed` if `f` throws, and
/// with what the callback says.
caf::expected<term> replace_system_state(const state_function& f, sys_callbacks& callbacks);

/// The error that stands for the reason of an Erlang process's end: none for `normal`, `exit_reason::user_shutdown` for
/// `shutdown`, else `errc::terminated` with the reason as its context.
caf::error to_exit_error(const term& reason);

/// The reverse, for the end of an actor, and `killed` for `exit_reason::kill`. Nothing if that has no name in Erlang.
std::optional<term> to_exit_reason(const caf::error& why);

} // namespace peer::internal::sys
