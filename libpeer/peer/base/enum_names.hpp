// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <array>
#include <cstddef>
#include <string_view>

namespace peer {

/// The name of `value`, an enumerator that counts from 0 in the order of `names`; "unknown" if there is none.
template <class Enum, std::size_t N>
constexpr std::string_view enum_name(const std::array<std::string_view, N>& names, Enum value) noexcept {
  auto index = static_cast<std::size_t>(value);
  return index < N ? names[index] : std::string_view{"unknown"};
}

/// Finds the enumerator of that name. False if there is none.
template <class Enum, std::size_t N>
constexpr bool enum_value(const std::array<std::string_view, N>& names, std::string_view name, Enum& value) noexcept {
  for (std::size_t i = 0; i < N; ++i)
    if (names[i] == name) {
      value = static_cast<Enum>(i);
      return true;
    }
  return false;
}

} // namespace peer
