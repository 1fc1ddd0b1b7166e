// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/loop/loop.hpp"
#include "peer/node/messages.hpp"

#include "caf/actor.hpp"
#include "caf/fwd.hpp"

namespace peer {

/// Starts the actor that ends the process with status 1 when the channel actor ends for another reason than that it was
/// told to: what `peer_supervision` does in OTP, which makes `kernel` die with the channel.
caf::actor spawn_peer_supervision(caf::actor_system& sys, const loop_ptr& where, const channel_actor& channel);

} // namespace peer
