// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/caf_compat.hpp"

#include "caf/error.hpp"

#include <concepts>
#include <string>
#include <type_traits>
#include <utility>

/// @file
/// Fields of an object that go to the inspector as they are. CAF's own field types take optionals and variants apart
/// first and so support neither nested optionals (0.18.7 recurses without end) nor variants of types without ID. Ours
/// have the same modifiers.

namespace peer::detail {

// -- saving -----------------------------------------------------------------------------------------------------------

template <class IsPresent, class Get>
struct direct_optional_save_field {
  caf_string_view name;
  IsPresent is_present;
  Get get;

  template <class Inspector>
  bool operator()(Inspector& f) {
    if (!is_present())
      return f.begin_field(name, false) && f.end_field();
    return f.begin_field(name, true) && f.apply(get()) && f.end_field();
  }

  template <class Predicate>
  direct_optional_save_field&& invariant(Predicate&&) && {
    return std::move(*this);
  }
};

template <class Get>
struct direct_save_field {
  caf_string_view name;
  Get get;

  template <class Inspector>
  bool operator()(Inspector& f) {
    return f.begin_field(name) && f.apply(get()) && f.end_field();
  }

  template <class U>
  auto fallback(U value) && {
    auto is_present = [getter = get, other = std::move(value)] { return getter() != other; };
    return direct_optional_save_field<decltype(is_present), Get>{name, std::move(is_present), std::move(get)};
  }

  template <class Predicate>
  direct_save_field&& invariant(Predicate&&) && {
    return std::move(*this);
  }
};

// -- loading ----------------------------------------------------------------------------------------------------------

struct always {
  template <class T>
  bool operator()(const T&) const noexcept {
    return true;
  }
};

/// `Store` takes the value: a setter, which returns nothing, a bool or an error. `Absent` stores what counts for an
/// absent field; it is `std::nullptr_t` if the field is mandatory.
template <class T, class Store, class Valid = always, class Absent = std::nullptr_t>
struct direct_load_field {
  caf_string_view name;
  Store store;
  Valid valid = {};
  Absent absent = {};

  template <class Inspector>
  bool operator()(Inspector& f) {
    bool is_present = true;
    if constexpr (std::is_null_pointer_v<Absent>) {
      if (!f.begin_field(name))
        return false;
    } else {
      if (!f.begin_field(name, is_present))
        return false;
      if (!is_present)
        absent();
    }
    return (!is_present || load_value(f)) && f.end_field();
  }

  template <class U>
  auto fallback(U value) && {
    auto reset = [set = store, other = std::move(value)]() mutable { set(T(std::move(other))); };
    return direct_load_field<T, Store, Valid, decltype(reset)>{name, std::move(store), std::move(valid),
                                                               std::move(reset)};
  }

  template <class Predicate>
  auto invariant(Predicate predicate) && {
    return direct_load_field<T, Store, Predicate, Absent>{name, std::move(store), std::move(predicate),
                                                          std::move(absent)};
  }

  template <class Inspector>
  bool load_value(Inspector& f) {
    T value{};
    if (!f.apply(value))
      return false;
    if (!valid(value))
      return f.fail("the value breaks an invariant");
    using result_type = decltype(store(std::move(value)));
    if constexpr (std::is_void_v<result_type>) {
      store(std::move(value));
      return true;
    } else if constexpr (std::same_as<result_type, bool>) {
      return store(std::move(value)) || f.fail("the value is not accepted");
    } else {
      caf::error err = store(std::move(value));
      if (!err)
        return true;
      f.set_error(std::move(err));
      return false;
    }
  }
};

} // namespace peer::detail
