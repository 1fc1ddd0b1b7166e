// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "group/roster.hpp"
#include "peer/control_actor.hpp"
#include "peer/group.hpp"
#include "peer/options.hpp"

#include "caf/fwd.hpp"
#include "caf/typed_actor.hpp"

#include <memory>
#include <vector>

namespace peer::internal::group {

/// Keeps the spares of a group: starts them, gives them the places of members that have ended, and starts new ones.
/// `stop_atom` ends that: after the answer no member changes any more, and the spares are left in the roster. When the
/// last handle to it is gone, it stops the spares itself.
using spares_actor = caf::typed_actor<caf::result<void>(stop_atom)>;

/// @param options those of the members, by their index, and then those of the spares. A process that has ended leaves
///        its options to a new spare, so no two that run have the same.
///
/// Fails if the loop of `sys` has ended.
caf::expected<spares_actor> spawn_spares(caf::actor_system& sys, std::shared_ptr<roster> members,
                                         std::vector<start_options> options);

} // namespace peer::internal::group
