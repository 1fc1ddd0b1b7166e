// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/supervisor_actor.hpp"
#include "supervisor/messages.hpp"
#include "supervisor/tree_context.hpp"

#include "caf/actor.hpp"

#include <string>

namespace peer::internal::supervisor {

/// What only its supervisor sends to a child, which tells it everything with `child_notice`s.
using supervised_actor = child_actor::extend<
    // Starts it. Told: `started`, and then `ready`; or `ignored`, or `start_failed`.
    caf::result<void>(start_order),
    // Stops that generation, as its spec says. Told: `stopped`.
    caf::result<void>(stop_atom, std::uint64_t),
    // Its spec is gone, and so will it be.
    caf::result<void>(base::forget_atom),
    // Asked of the supervisor that it is.
    caf::result<child_info>(find_child_atom, std::string), caf::result<caf::actor>(find_supervisor_atom, std::string)>;

/// Makes the actor of a child, which ends with its supervisor, who has to be able to take `child_notice`s.
/// @param path from the root, with its own id at the end
/// @param spec what it is until it is started for the first time
supervised_actor spawn_child(caf::actor_system& sys, tree_context_ptr tree, caf::strong_actor_ptr supervisor,
                             std::string path, child_spec spec);

/// "actor", "peer", "erlang" or "supervisor".
std::string kind_of(const child_spec& spec);

} // namespace peer::internal::supervisor
