// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"

#include <cstdint>

namespace peer::internal::wire {

/// Reads the four bytes at `from` as a big-endian number.
constexpr std::uint32_t load_u32(const std::byte* from) noexcept {
  std::uint32_t result = 0;
  for (int i = 0; i < 4; ++i)
    result = result << 8 | std::to_integer<std::uint32_t>(from[i]);
  return result;
}

/// Writes `value` to the four bytes at `to`, big-endian.
constexpr void store_u32(std::byte* to, std::uint32_t value) noexcept {
  for (int i = 0; i < 4; ++i)
    to[i] = static_cast<std::byte>(value >> (24 - 8 * i));
}

} // namespace peer::internal::wire
