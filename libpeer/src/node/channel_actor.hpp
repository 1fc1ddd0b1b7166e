// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/event_loop.hpp"
#include "node/messages.hpp"
#include "node/node_state.hpp"
#include "node/origin_link.hpp"

#include "caf/fwd.hpp"

#include <memory>

namespace peer::internal::node {

/// Starts the actor that serves the origin, on the loop, and connects it to `supervision`. It ends the process when the
/// connection ends, unless the node is `ending`.
channel_actor spawn_channel_actor(caf::actor_system& sys, const loop::event_loop_ptr& where,
                                  std::shared_ptr<node_state> node, const peer_supervision_actor& supervision,
                                  origin_link link);

} // namespace peer::internal::node
