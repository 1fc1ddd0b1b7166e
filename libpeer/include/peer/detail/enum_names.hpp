// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/caf_compat.hpp"

#include "caf/default_enum_inspect.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>
#include <type_traits>

/// @file
/// What CAF wants of an enumeration, for all of ours that count from 0.

namespace peer {

namespace detail {

/// The names of an enumeration, in the order of its enumerators. A specialization behind its definition gives it
/// `to_string`, `from_string`, `from_integer` and `inspect`.
template <class Enum>
inline constexpr auto enum_names = std::array<std::string_view, 0>{};

template <class Enum>
concept named_enum = std::is_enum_v<Enum> && !enum_names<Enum>.empty();

} // namespace detail

/// The enumerator's name; "unknown" if the value is none.
template <detail::named_enum Enum>
std::string to_string(Enum value) {
  auto index = static_cast<std::size_t>(value);
  return std::string{index < detail::enum_names<Enum>.size() ? detail::enum_names<Enum>[index] : "unknown"};
}

/// Finds the enumerator of that name. False if there is none.
template <detail::named_enum Enum>
bool from_string(detail::caf_string_view name, Enum& value) {
  for (std::size_t i = 0; i < detail::enum_names<Enum>.size(); ++i)
    if (detail::enum_names<Enum>[i] == detail::to_std(name)) {
      value = static_cast<Enum>(i);
      return true;
    }
  return false;
}

/// False if no enumerator has that number.
template <detail::named_enum Enum>
bool from_integer(std::underlying_type_t<Enum> number, Enum& value) {
  value = static_cast<Enum>(number);
  return number < detail::enum_names<Enum>.size();
}

template <class Inspector, detail::named_enum Enum>
bool inspect(Inspector& f, Enum& x) {
  return caf::default_enum_inspect(f, x);
}

} // namespace peer
