// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/supervisor_actor.hpp"
#include "supervisor/tree_context.hpp"

#include <string>

namespace peer::internal::supervisor {

/// Makes a supervisor, which starts its children at once. The spec must be valid.
/// @param path of the supervisor below its tree's root; empty for the root
/// @param parent stops the supervisor with its exit, even a normal one; null for none
supervisor_actor spawn_supervisor(caf::actor_system& sys, tree_context_ptr tree, supervisor_spec spec,
                                  std::string path = {}, caf::strong_actor_ptr parent = nullptr);

} // namespace peer::internal::supervisor
