// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

namespace peer {

/// Tells CAF about the types of libpeer. Like `caf::core::init_global_meta_objects`, which has to be called as well, it
/// must run before anything else of libpeer and CAF is used, since errors need it, too; running it again does nothing.
/// `CAF_MAIN(caf::id_block::libpeer)` does both. Defined in peer/meta_objects.cpp, which sees all types.
void init_global_meta_objects();

} // namespace peer
