// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "term/text/bit_builder.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace peer::internal::text {

/// How a segment of a binary is written: `Value:Size/Type-Endianness-unit:Unit` (Reference Manual, "Bit Syntax
/// Expressions"). Its signedness makes no difference.
struct segment_layout {
  enum class type : std::uint8_t { integer, real, binary, bits, utf8, utf16, utf32 };

  std::optional<type> kind; ///< Absent: integer.
  std::optional<bool> little_endian;
  std::optional<std::uint64_t> size;
  std::optional<std::uint64_t> unit;
};

/// Notes one element of a type specification, other than the unit. Returns what is wrong with it, or nothing.
std::optional<std::string> set_segment_type(segment_layout& layout, std::string_view name);

/// Appends `value`. Returns what is wrong with it, or nothing. A segment of more than `max_bits` is wrong.
std::optional<std::string> append_segment(bit_builder& out, const term& value, const segment_layout& layout,
                                          std::size_t max_bits);

} // namespace peer::internal::text
