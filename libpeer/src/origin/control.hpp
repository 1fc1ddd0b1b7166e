// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/pinned.hpp"
#include "origin/incarnation.hpp"
#include "peer/control_actor.hpp"
#include "peer/options.hpp"

#include <functional>

namespace peer::internal::origin {

/// Called once when a peer has ended, on the loop's thread, with the answer that a request to stop would get then.
using end_observer = std::function<void(const stop_report&)>;

/// Starts a control actor, and with it a peer. The control actor connects requests, callbacks of the incarnation and
/// timers with the objects that do the work:
///
///     request ──▶ exchange ──▶ calls, outbox ──▶ channel ══▶ peer
///     peer ══▶ channel ──▶ exchange ──▶ calls, exposed actors, group leader
///     stop, end of stream, exit, timer ──▶ lifecycle ──▶ orders ──▶ incarnation
///
/// @param where runs the actor. @param launch starts the peer. @param options must be valid. @param parent is linked to
/// the control actor; its exit stops the peer, even a normal one. Null for none. @param ended may be
/// empty.
control_actor spawn_control(caf::actor_system& sys, loop::habitat where, launcher launch, start_options options,
                            caf::strong_actor_ptr parent = nullptr, end_observer ended = {});

} // namespace peer::internal::origin
