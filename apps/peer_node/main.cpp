// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "../standard_streams.hpp"
#include "functions.hpp"

#include "peer/program.hpp"

/// A peer of general use: what peerctl starts by default, and what shows that a node works before there is a program.
int main(int argc, char** argv) {
  programs::open_standard_streams();
  peer::reset_signals();
  peer::reap_orphans();
  auto node = peer::node{argc, argv};
  peer_node::add_system_functions(node);
  peer_node::add_io_functions(node);
  peer_node::add_test_functions(node);
  return node.run();
}
