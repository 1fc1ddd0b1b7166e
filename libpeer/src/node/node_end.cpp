// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/node_end.hpp"

#include <algorithm>
#include <climits>
#include <cstddef>
#include <cstdlib>

#include <poll.h>
#include <unistd.h>

namespace peer::internal::node {

namespace {

/// Does not use stdio, whose lock another thread may hold for ever. Writes at most what a writable pipe accepts at once
/// (pipe(7)), since it may never be read.
void complain(std::string text) {
  text.resize(std::min(text.size(), std::size_t{PIPE_BUF} - 1));
  text += '\n';
  auto ready = pollfd{STDERR_FILENO, POLLOUT, 0};
  if (poll(&ready, 1, 0) == 1 && write(STDERR_FILENO, text.data(), text.size()) < 0)
    return; // full
}

} // namespace

void end_node_with(int status, const std::string& complaint) {
  if (!complaint.empty())
    complain("libpeer: " + complaint);
  std::quick_exit(status);
}

void end_node(const std::string& complaint) {
  end_node_with(1, complaint);
}

} // namespace peer::internal::node
