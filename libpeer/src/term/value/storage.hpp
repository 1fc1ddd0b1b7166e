// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

namespace peer::detail {

/// Access to what containers consist of, for those who build them in place or take them apart.
struct term_storage {
  /// The elements of a list and, if it is improper, its tail.
  static std::vector<term>& items(erl::list& x) noexcept { return x.items_; }

  static const std::vector<term>& items(const erl::list& x) noexcept { return x.items_; }

  /// Whether the last of the items is a tail.
  static bool& improper(erl::list& x) noexcept { return x.improper_; }

  static std::vector<term>& items(erl::tuple& x) noexcept { return x.elements_; }

  static const std::vector<term>& items(const erl::tuple& x) noexcept { return x.elements_; }

  /// The entries of a map, which are in the order of their keys except while it is being built.
  static std::vector<erl::map::value_type>& entries(erl::map& x) noexcept { return x.entries_; }

  static const std::vector<erl::map::value_type>& entries(const erl::map& x) noexcept { return x.entries_; }

  static term::variant& value(term& x) noexcept { return x.value_; }
};

} // namespace peer::detail
