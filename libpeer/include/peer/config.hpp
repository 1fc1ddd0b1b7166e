// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/actor_system_config.hpp"

#include <string>
#include <vector>

/// @file
/// The configuration of an actor system of a program that uses libpeer, for programs that read one from their command
/// line or from a file.

namespace peer {

/// CAF's configuration, which also knows the settings of libpeer: with it, `--peer.spin=0us` is an option of the
/// program. (Settings in a file need no declaration.)
///
///     peer.spin               how long a loop polls before it sleeps (`defaults::spin`); 0s switches that off
///     peer.stop-timeout       how long functions of a node may go on when it is stopped (`defaults::stop_timeout`)
///     peer.max-waiting-jobs   calls and casts that may wait in a node (`defaults::max_waiting_jobs`)
///     peer.queue-limit        bytes that may wait in a node (`defaults::queue_limit`)
class config : public caf::actor_system_config {
public:
  config();
};

/// The arguments of a program that an origin may have started, without those that are for `node`: `-sname`, `-name`,
/// `-user`, `-origin`, `-token`, `-noinput`, `-detached` and `-peer_detached`, each with its values. The name of the
/// program is not among them.
///
///     peer::config cfg;
///     if (auto err = cfg.parse(peer::program_arguments(argc, argv)))
///       …
///     caf::actor_system sys{cfg};
///     peer::node node{sys, argc, argv};
std::vector<std::string> program_arguments(int argc, char** argv);

} // namespace peer
