// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/peer.hpp"

#include <iostream>

int main(int argc, char** argv) {
  auto node = peer::node{argc, argv};
  node.function("math", "add", [](int a, int b) {
    std::cout << "worker: adding " << a << " and " << b << std::endl; // appears at the origin
    return a + b;
  });
  return node.run(); // serves the origin until it asks the worker to stop
}
