// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/pinned.hpp"
#include "node/messages.hpp"
#include "node/node_end.hpp"
#include "node/node_state.hpp"
#include "peer/term.hpp"

#include "caf/fwd.hpp"

#include <functional>
#include <memory>
#include <string>

namespace peer::internal::node {

/// Starts OTP's `peer_supervision`: the actor that ends the node when the channel actor dies, and registers it under
/// that name. The channel actor has `defaults::supervision_connect_timeout` to connect to it. When that time passes,
/// when the channel actor ends or when it ends itself, for whatever reason, it calls `end`, unless the node is
/// `ending`.
///
/// Its state is OTP's record: `{peer_sup_state, Parent, Channel, InSupTree}`.
/// @param in_sup_tree the value of that field of the state
/// @param end must end the process; receives the reason as a sentence
peer_supervision_actor start_supervision(caf::actor_system& sys, loop::habitat where, std::shared_ptr<node_state> node,
                                         bool in_sup_tree, std::function<void(const std::string&)> end = end_node);

/// `{ok, #{id => peer_supervision, …}}`, the child specification for OTP's supervisors, if the program was started as a
/// peer, otherwise `none`.
term supervision_child_spec(bool is_peer);

} // namespace peer::internal::node
