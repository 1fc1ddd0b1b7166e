// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/bytes.hpp"

/// @file
/// The code of OTP's `standard_io` connection: a byte becomes two, upper nibble first, each as `0b11nnnn11`.
///
///     0x0F = 0000 1111 → 1100 0011, 1111 1111 = 0xC3 0xFF
///
/// So sixteen of the 256 byte values carry a nibble, and none of them is ASCII.

namespace peer::wire::nibbles {

/// The bits that are set in each byte that carries a nibble.
inline constexpr std::byte marker{0xC3};

/// Whether `x` carries a nibble.
constexpr bool is_nibble(std::byte x) noexcept {
  return (x & marker) == marker;
}

/// The byte that carries the lower four bits of `value`.
constexpr std::byte from_value(unsigned value) noexcept {
  return marker | std::byte((value & 0x0F) << 2);
}

/// The four bits that `x` carries.
constexpr unsigned to_value(std::byte x) noexcept {
  return std::to_integer<unsigned>(x) >> 2 & 0x0F;
}

/// The number of bytes at the beginning of `bytes` that carry a nibble.
std::size_t count_nibbles(const_byte_span bytes) noexcept;

/// The number of bytes at the beginning of `bytes` that carry none.
std::size_t count_text(const_byte_span bytes) noexcept;

/// Replaces the bytes of `buffer` from `begin` on by their code, twice as many bytes.
void encode_in_place(byte_buffer& buffer, std::size_t begin);

/// Writes `pairs.size() / 2` bytes to `out`.
/// @pre every byte of `pairs` carries a nibble, and their number is even.
void decode(const_byte_span pairs, std::byte* out) noexcept;

} // namespace peer::wire::nibbles
