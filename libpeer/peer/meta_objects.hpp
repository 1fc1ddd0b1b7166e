// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

namespace peer {

/// Tells CAF about the types of libpeer. Must run before the first `caf::actor_system` is made; running it again does
/// nothing. `CAF_MAIN(caf::id_block::libpeer)` does the same.
void init_global_meta_objects();

} // namespace peer
