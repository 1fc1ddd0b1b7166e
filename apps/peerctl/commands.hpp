// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "arguments.hpp"

#include "caf/fwd.hpp"

namespace peerctl {

// Each of these carries out one command and returns the program's exit status.

int call(caf::actor_system& sys, const request& what);
int cast(caf::actor_system& sys, const request& what);
int run(caf::actor_system& sys, const request& what);
int shell(caf::actor_system& sys, const request& what);

} // namespace peerctl
