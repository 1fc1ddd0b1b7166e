// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <memory>
#include <utility>
#include <vector>

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

  static term_kind kind(const term& x) noexcept { return x.kind_; }

  /// The value of a term that holds a `T`. Not for boxed types.
  template <class T>
  static T& get(term& x) noexcept {
    return *x.stored<T>();
  }

  /// Makes `x` a term that holds `value`. Not for boxed types.
  template <class T>
  static T& emplace(term& x, T value = {}) noexcept {
    std::destroy_at(&x);
    std::construct_at(&x, std::move(value));
    return get<T>(x);
  }

  /// Calls `f` with the value, whatever its type is.
  template <class F>
  static decltype(auto) visit(const term& x, F&& f) {
    switch (x.kind_) {
    case term_kind::integer:
      return f(*x.stored<std::int64_t>());
    case term_kind::big_integer:
      return f(*x.get_if<erl::big_integer>());
    case term_kind::real:
      return f(*x.stored<double>());
    case term_kind::atom:
      return f(*x.stored<atom>());
    case term_kind::bits:
      return f(*x.stored<erl::bitstring>());
    case term_kind::tuple:
      return f(*x.stored<erl::tuple>());
    case term_kind::map:
      return f(*x.stored<erl::map>());
    case term_kind::pid:
      return f(*x.get_if<pid>());
    case term_kind::port:
      return f(*x.get_if<erl::port>());
    case term_kind::reference:
      return f(*x.get_if<erl::reference>());
    case term_kind::export_fun:
      return f(*x.get_if<erl::export_fun>());
    case term_kind::opaque:
      return f(*x.get_if<erl::opaque>());
    default:
      return f(*x.stored<erl::list>());
    }
  }
};

} // namespace peer::detail
