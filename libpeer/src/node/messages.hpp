// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "base/type_ids.hpp"
#include "peer/detail/bytes.hpp"
#include "peer/sys_actor.hpp"
#include "peer/term.hpp"

#include "caf/actor.hpp"
#include "caf/typed_actor.hpp"

#include <cstdint>

/// @file
/// The messages of the two actors of a node. `node` wraps them.

namespace peer::internal::node {

/// A message for a process of the origin.
struct outgoing_message {
  byte_buffer to; ///< A pid, encoded without version byte; so is the content.
  byte_buffer content;
};

template <class Inspector>
bool inspect(Inspector& f, outgoing_message& x) {
  return f.object(x).fields(f.field("to", x.to), f.field("content", x.content));
}

/// A request to the origin's I/O server.
struct console_request {
  term request;
};

template <class Inspector>
bool inspect(Inspector& f, console_request& x) {
  return f.object(x).fields(f.field("request", x.request));
}

/// Serves the origin on a node (in OTP: `peer:io_server_loop`). It ends the node when the connection ends. If it exits
/// itself, `peer_supervision` ends the node.
using channel_actor = caf::typed_actor<
    // Sends a message.
    caf::result<void>(outgoing_message),
    // There are messages in the node's `outgoing_queue`, or the connection has ended.
    caf::result<void>(base::poke_atom),
    // Sends a request to the origin's I/O server.
    caf::result<term>(console_request),
    // Ends the process with that status after `defaults::flush_timeout`, unless it has ended by then.
    caf::result<void>(base::halt_atom, std::int32_t),
    // Flushes output and messages to the origin, then answers.
    caf::result<void>(base::flush_atom),
    // Refuses further calls, requests the stop of all functions, and answers when none runs.
    caf::result<void>(stop_atom)>;

/// Ends the node when the channel actor ends: the process of that name in OTP. System messages work on it.
using peer_supervision_actor = caf::typed_actor<
    // The sender is the channel actor. The answer confirms that it is monitored.
    caf::result<void>(base::channel_connect_atom, caf::actor)>::extend_with<sys_actor>;

} // namespace peer::internal::node
