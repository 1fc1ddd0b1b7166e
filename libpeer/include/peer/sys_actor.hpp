// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"
#include "peer/type_ids.hpp"

#include "caf/allowed_unsafe_message_type.hpp"
#include "caf/error.hpp"
#include "caf/typed_actor.hpp"

#include <functional>

/// @file
/// OTP's system messages (STDLIB, `sys`) for CAF actors.

namespace peer {

/// Returns the new state of an actor for its current one. If it throws, the state stays as it is. It runs in the actor
/// and cannot be sent to another process.
struct state_function {
  std::function<term(const term&)> apply;
};

/// The messages that every actor with system messages accepts besides its own. While it is suspended it handles only
/// these; all others, including down messages, stay in its mailbox in their order until `sys_resume_atom`. An exit of
/// its parent ends it nevertheless, as in OTP, and so does `exit_reason::kill`. Responses to its own requests and
/// delayed actions are handled while it is suspended.
using sys_actor = caf::typed_actor<
    // Returns the state (sys:get_state/1).
    caf::result<term>(sys_get_state_atom),
    // Replaces the state and returns the new one (sys:replace_state/2). Fails with `errc::callback_failed` if the
    // function throws, and with an error of the actor if it rejects that state.
    caf::result<term>(sys_replace_state_atom, state_function),
    // Suspends the actor (sys:suspend/1). No effect if it is suspended.
    caf::result<void>(sys_suspend_atom),
    // Resumes the actor (sys:resume/1). No effect if it is not suspended.
    caf::result<void>(sys_resume_atom),
    // Ends the actor with that reason (sys:terminate/2). Answered before it ends.
    caf::result<void>(sys_terminate_atom, caf::error),
    // Changes its code: module, old version, extra (sys:change_code/4). Fails with `errc::unknown_system_msg` if it is
    // not suspended, and with errors of the actor.
    caf::result<void>(sys_change_code_atom, atom, term, term),
    // The same requests in the form of Erlang code, `{system, {Pid, Tag}, Request}`, and `get_status`. The answer is a
    // message to that process. Other terms are dropped.
    caf::result<void>(term)>;

} // namespace peer

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(peer::state_function)
