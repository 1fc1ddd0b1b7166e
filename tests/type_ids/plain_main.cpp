// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// A program that registers no types at all.

#include "travel.hpp"

#include "caf/all.hpp"

int main() {
  auto config = caf::actor_system_config{};
  auto sys = caf::actor_system{config};
  return travel(sys);
}
