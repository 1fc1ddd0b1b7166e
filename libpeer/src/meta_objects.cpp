// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/messages.hpp"
#include "node/messages.hpp"
#include "peer/peer.hpp"
#include "peer/supervisor_actor.hpp"
#include "supervisor/messages.hpp"

#include "caf/all.hpp"

#include <mutex>

namespace peer {

void init_global_meta_objects() {
  static std::once_flag once;
  std::call_once(once, [] {
    caf::core::init_global_meta_objects();
    caf::init_global_meta_objects<caf::id_block::libpeer>();
    caf::init_global_meta_objects<caf::id_block::libpeer_control>();
    caf::init_global_meta_objects<caf::id_block::libpeer_children>();
    caf::init_global_meta_objects<caf::id_block::libpeer_supervision>();
    caf::init_global_meta_objects<caf::id_block::libpeer_internal>();
  });
}

bool detail::register_types() {
  init_global_meta_objects();
  return true;
}

} // namespace peer
