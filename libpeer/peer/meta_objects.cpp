// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/base/meta_objects.hpp"

#include "peer/node/messages.hpp"
#include "peer/peer.hpp"

#include "caf/all.hpp"

#include <mutex>

namespace peer {

void init_global_meta_objects() {
  static std::once_flag once;
  std::call_once(once, [] { caf::init_global_meta_objects<caf::id_block::libpeer>(); });
}

} // namespace peer
