// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "origin/cast_window.hpp"
#include "peer/supervisor_actor.hpp"
#include "supervisor/messages.hpp"
#include "supervisor/tree_context.hpp"

#include "caf/actor.hpp"

#include <memory>
#include <string>

namespace peer::internal::supervisor {

/// The messages of a supervisor to the actor of a child, which answers with `child_notice`s.
using supervised_actor = child_actor::extend<
    // Starts it. Notices: `started` and then `ready`; or `ignored`, or `start_failed`.
    caf::result<void>(start_order),
    // Stops that generation as its spec requires. Notice: `stopped`.
    caf::result<void>(stop_atom, std::uint64_t),
    // The spec was deleted; the actor exits.
    caf::result<void>(base::forget_atom),
    // A request to the child, which must be a supervisor.
    caf::result<child_info>(find_child_atom, std::string), caf::result<caf::actor>(find_supervisor_atom, std::string)>;

/// Makes the actor of a child, which ends with its supervisor. The supervisor must handle `child_notice`s.
/// @param path from the root, with its own id at the end
/// @param spec describes the child until its first start
supervised_actor spawn_child(caf::actor_system& sys, tree_context_ptr tree, caf::strong_actor_ptr supervisor,
                             std::string path, child_spec spec);

/// The window of all casts and messages of threads to a child: all of them are in the mailbox of its actor. An actor of
/// another process or kind gets a new one.
std::shared_ptr<origin::cast_window> window_of(const child_actor& child);

/// "actor", "peer", "erlang" or "supervisor".
std::string kind_of(const child_spec& spec);

} // namespace peer::internal::supervisor
