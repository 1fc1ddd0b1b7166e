// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/type_id.hpp"

#include <cstdint>

/// @file
/// CAF's numbers for our types. The block starts at `caf::first_custom_type_id + 1800` (2000 in all supported versions), so
/// that programs that embed libpeer can number theirs from `first_custom_type_id` on. The numbers never go on the wire.

namespace peer {

enum class errc : std::uint8_t;
class atom;
class term;

} // namespace peer

CAF_BEGIN_TYPE_ID_BLOCK(libpeer, caf::first_custom_type_id + 1800)

  CAF_ADD_TYPE_ID(libpeer, (peer::errc))
  CAF_ADD_TYPE_ID(libpeer, (peer::atom))
  CAF_ADD_TYPE_ID(libpeer, (peer::term))

CAF_END_TYPE_ID_BLOCK(libpeer)
