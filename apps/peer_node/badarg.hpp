// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/node.hpp"

namespace peer_node {

/// Ends the call as `error(badarg)` does.
[[noreturn]] inline void badarg() {
  throw peer::raised{peer::exception_class::error_, peer::atom{"badarg"}};
}

} // namespace peer_node
