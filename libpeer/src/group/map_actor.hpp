// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "group/work_list.hpp"
#include "peer/control_actor.hpp"

#include "caf/expected.hpp"
#include "caf/fwd.hpp"

#include <string>
#include <vector>

namespace peer::internal::group {

/// One function for many arguments.
struct map_request {
  std::string module;
  std::string function;
  std::vector<byte_buffer> items; ///< the arguments of one call each, from `encode_arguments`
  caf::timespan timeout;          ///< of each call
  map_options options;
};

/// Calls the function for each item in one of the peers, as `work_list` distributes them, and waits for all. Returns
/// the results in the items' order. May be called by any thread but the loop's.
std::vector<caf::expected<encoded_term>> map_items(caf::actor_system& sys, const std::vector<control_actor>& peers,
                                                   map_request request);

} // namespace peer::internal::group
