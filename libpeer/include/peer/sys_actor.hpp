// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/allowed_unsafe_message_type.hpp"
#include "caf/error.hpp"
#include "caf/typed_actor.hpp"
#include "peer/term.hpp"
#include "peer/type_ids.hpp"
#include <functional>

/// @file
/// OTP's system messages (STDLIB, `sys`) for CAF actors.

namespace peer {

/// Makes an actor's new state of the present one. What it throws leaves the state as it is. It runs in the actor, so it
/// cannot travel to another process.
struct state_function {
  std::function<term(const term&)> apply;
};

/// What every actor with system messages understands besides its own. While it is suspended it answers these only; all
/// else stays in its mailbox, in order, and is handled after `sys_resume_atom`. That includes the ends of actors that
/// it watches. An exit of its parent ends it nevertheless, as in OTP, and so does `exit_reason::kill`. Answers to
/// requests of its own, and delayed actions, are not held up.
using sys_actor = caf::typed_actor<
    // Tells the state (sys:get_state/1).
    caf::result<term>(sys_get_state_atom),
    // Replaces the state and answers with the new one (sys:replace_state/2). Fails with `errc::callback_failed` if the
    // function throws, and with the actor's own error if it does not take that state.
    caf::result<term>(sys_replace_state_atom, state_function),
    // Suspends the actor (sys:suspend/1). Once more does nothing.
    caf::result<void>(sys_suspend_atom),
    // Lets it go on (sys:resume/1). Does nothing if it is not suspended.
    caf::result<void>(sys_resume_atom),
    // Ends it with that reason (sys:terminate/2). Answered before it does.
    caf::result<void>(sys_terminate_atom, caf::error),
    // Tells it that its code has changed: module, old version, extra (sys:change_code/4). Fails with
    // `errc::unknown_system_msg` if it is not suspended, and with the actor's own error.
    caf::result<void>(sys_change_code_atom, atom, term, term),
    // The same as Erlang code says it, `{system, {Pid, Tag}, Request}`, with `get_status` besides; answered with a
    // message to that process. All other terms are dropped.
    caf::result<void>(term)>;

} // namespace peer

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(peer::state_function)
