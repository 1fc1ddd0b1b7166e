// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/pinned.hpp"
#include "origin/incarnation.hpp"
#include "peer/control_actor.hpp"
#include "peer/options.hpp"

namespace peer::internal::origin {

/// Starts a control actor, and with it a peer. The options must be valid. It lives where `where` says and starts the
/// peer through `launch`; if there is a `parent`, the two are linked, and the end of the parent, a normal one too,
/// stops the peer.
control_actor spawn_control(caf::actor_system& sys, loop::habitat where, launcher launch, start_options options,
                            caf::strong_actor_ptr parent = nullptr);

} // namespace peer::internal::origin
