// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "node/function_table.hpp"
#include "node/outgoing_queue.hpp"
#include "node/process_table.hpp"
#include "peer/term.hpp"

#include <atomic>
#include <utility>

namespace peer::internal::node {

/// State shared by a node's threads.
struct node_state {
  explicit node_state(atom node_name) : name(std::move(node_name)), processes(name) {}

  const atom name;
  function_table functions; ///< constant once the node runs
  process_table processes;
  outgoing_queue outgoing;
  std::atomic<bool> ending = false; ///< the connection is closed because the node ends
};

} // namespace peer::internal::node
