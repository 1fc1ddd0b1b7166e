// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"

#include <span>
#include <string_view>

/// @file
/// The code of OTP's `standard_io` connection: a byte becomes two, upper nibble first, each as `0b11nnnn11`.
///
///     0x0F = 0000 1111 → 1100 0011, 1111 1111 = 0xC3 0xFF
///
/// So sixteen of the 256 byte values carry a nibble, and none of them is ASCII.

namespace peer::internal::wire::nibbles {

/// The bits that are set in each byte that carries a nibble.
inline constexpr std::byte marker{0xC3};

/// Whether `x` carries a nibble.
constexpr bool is_nibble(std::byte x) noexcept {
  return (x & nibbles::marker) == nibbles::marker;
}

/// The four bits that `x` carries.
constexpr unsigned to_value(std::byte x) noexcept {
  return std::to_integer<unsigned>(x) >> 2 & 0x0F;
}

/// The code of the bytes 131 (version) and 104 (tuple), with which every message begins.
inline constexpr std::string_view tuple_mark = "\xE3\xCF\xDB\xE3";

/// An implementation of the code. All give the same results.
struct method {
  std::string_view name;

  /// The number of bytes at the beginning of `bytes` that carry a nibble.
  std::size_t (*count_nibbles)(const_byte_span bytes) noexcept;

  /// The number of bytes at the beginning of `bytes` that do not.
  std::size_t (*count_text)(const_byte_span bytes) noexcept;

  /// The index of the first `tuple_mark` in `bytes`, or `bytes.size()`.
  std::size_t (*find_mark)(const_byte_span bytes) noexcept;

  /// Writes the code of `bytes` to `out`, `2 * bytes.size()` bytes, which must not overlap.
  void (*encode)(const_byte_span bytes, std::byte* out) noexcept;

  /// Writes `pairs.size() / 2` bytes to `out`, which must not overlap.
  /// @pre every byte of `pairs` carries a nibble, and their number is even.
  void (*decode)(const_byte_span pairs, std::byte* out) noexcept;
};

/// The portable method.
extern const nibbles::method portable;

/// The methods that this machine can run, the fastest first.
std::span<const nibbles::method> methods();

/// The fastest method that this machine can run.
inline const nibbles::method& best() {
  static const auto& result = nibbles::methods().front();
  return result;
}

} // namespace peer::internal::wire::nibbles
