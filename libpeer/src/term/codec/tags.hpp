// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <cstdint>

namespace peer::detail {

/// The first byte of a term in the external format, named as in ERTS' "External Term Format" without `_EXT`.
enum class tag : std::uint8_t {
  new_float = 70,
  bit_binary = 77,
  compressed = 80,
  new_pid = 88,
  new_port = 89,
  newer_reference = 90,
  small_integer = 97,
  integer = 98,
  float_text = 99,
  atom = 100,
  reference = 101,
  port = 102,
  pid = 103,
  small_tuple = 104,
  large_tuple = 105,
  nil = 106,
  string = 107,
  list = 108,
  binary = 109,
  small_big = 110,
  large_big = 111,
  new_fun = 112,
  export_fun = 113,
  new_reference = 114,
  small_atom = 115,
  map = 116,
  fun = 117,
  atom_utf8 = 118,
  small_atom_utf8 = 119,
  v4_port = 120,
  local = 121,
};

/// The byte before a term that stands alone.
constexpr std::uint8_t version_byte = 131;

/// What fits into NEW_PORT_EXT.
constexpr std::uint64_t max_new_port_id = (std::uint64_t{1} << 28) - 1;

/// ERTS makes references of at most this many numbers.
constexpr std::size_t max_reference_ids = 5;

} // namespace peer::detail
