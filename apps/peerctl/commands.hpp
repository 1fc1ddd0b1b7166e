// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "arguments.hpp"

#include "caf/fwd.hpp"

namespace peerctl {

// Each of these carries out one command and returns the program's exit status.

int call(caf::actor_system& sys, const request& what);
int cast(caf::actor_system& sys, const request& what);
int run(caf::actor_system& sys, const request& what); // after block_signals()
int shell(caf::actor_system& sys, const request& what);

/// Keeps SIGINT and SIGTERM for `run`, which stops the peer when one arrives. Must be called before there is a second
/// thread, since one that does not block them would be ended by them.
void block_signals();

} // namespace peerctl
