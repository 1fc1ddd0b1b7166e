// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// A program that registers libpeer's types in the way of CAF's programs.

#include "travel.hpp"

#include "caf/all.hpp"

int caf_main(caf::actor_system& sys) {
  return travel(sys);
}

CAF_MAIN(caf::id_block::libpeer)
