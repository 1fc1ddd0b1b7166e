// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/config.hpp"

#include "node/command_line.hpp"

#include "caf/timespan.hpp"

#include <algorithm>
#include <cstddef>

namespace peer {

config::config() {
  opt_group{custom_options_, "peer"}
      .add<caf::timespan>("spin", "how long a loop polls before it sleeps")
      .add<caf::timespan>("stop-timeout", "how long functions may go on when their node is stopped")
      .add<std::size_t>("max-waiting-jobs", "calls and casts that may wait in a node")
      .add<std::size_t>("queue-limit", "bytes that may wait in a node");
}

std::vector<std::string> program_arguments(int argc, char** argv) {
  return internal::node::without_flags_of_node({argv + std::min(argc, 1), argv + argc});
}

} // namespace peer
