// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/caf_compat.hpp"
#include "peer/term.hpp"

#include "caf/inspector_access.hpp"
#include "caf/is_actor_handle.hpp"
#include "caf/type_id.hpp"

#include <array>
#include <chrono>
#include <concepts>
#include <iterator>
#include <string>
#include <string_view>
#include <type_traits>

/// @file
/// Which C++ types have a mapping of their own, before CAF's rules apply (see convert.hpp).

namespace peer::detail {

template <class T, class... Ts>
concept one_of = (std::same_as<T, Ts> || ...);

/// The alternatives of a term that no other C++ type stands for.
template <class T>
concept term_alternative = one_of<T, atom, erl::big_integer, erl::bitstring, pid, erl::port, erl::reference,
                                  erl::export_fun, erl::opaque, erl::list, erl::tuple, erl::map>;

/// The kind of term that the alternative requires.
template <term_alternative T>
inline constexpr const char* kind_name = "a term";

template <>
inline constexpr const char* kind_name<atom> = "an atom";

template <>
inline constexpr const char* kind_name<erl::big_integer> = "an integer";

template <>
inline constexpr const char* kind_name<erl::bitstring> = "a bit string";

template <>
inline constexpr const char* kind_name<pid> = "a pid";

template <>
inline constexpr const char* kind_name<erl::port> = "a port";

template <>
inline constexpr const char* kind_name<erl::reference> = "a reference";

template <>
inline constexpr const char* kind_name<erl::export_fun> = "a fun M:F/A";

template <>
inline constexpr const char* kind_name<erl::opaque> = "a local fun";

template <>
inline constexpr const char* kind_name<erl::list> = "a list";

template <>
inline constexpr const char* kind_name<erl::tuple> = "a tuple";

template <>
inline constexpr const char* kind_name<erl::map> = "a map";

template <class T>
concept byte_like = one_of<T, std::byte, caf_byte>;

template <class T>
concept byte_sequence = requires(const T& x) {
  typename T::value_type;
  { x.size() } -> std::convertible_to<std::size_t>;
  x.begin();
} && byte_like<typename T::value_type>;

template <class T>
inline constexpr bool is_std_array = false;

template <class T, std::size_t N>
inline constexpr bool is_std_array<std::array<T, N>> = true;

template <class T>
inline constexpr bool is_duration = false;

template <class Rep, class Period>
inline constexpr bool is_duration<std::chrono::duration<Rep, Period>> = true;

template <class T>
inline constexpr bool is_timestamp = false;

template <class Duration>
inline constexpr bool is_timestamp<std::chrono::time_point<std::chrono::system_clock, Duration>> = true;

/// Whatever CAF treats as a value that may be absent: optionals and owning pointers.
template <class T>
concept optional_like = caf::detail::is_complete<caf::inspector_access<T>>
                     && std::is_base_of_v<caf::optional_inspector_access<T>, caf::inspector_access<T>>;

template <class T>
struct alternatives_of {
  static constexpr bool exist = false;
};

template <template <class...> class Variant, class... Ts>
struct alternatives_of<Variant<Ts...>> {
  static constexpr bool exist = true;
  static constexpr bool named = (caf::has_type_id_v<Ts> && ...);
};

template <class T>
concept variant_like = alternatives_of<T>::exist && caf::detail::is_complete<caf::inspector_access<T>>
                    && std::is_base_of_v<caf::variant_inspector_access<T>, caf::inspector_access<T>>;

/// A map of which several entries may have the same key.
template <class T>
concept multimap_like = requires(T& x, const typename T::key_type& key, const typename T::mapped_type& mapped) {
  { x.emplace(key, mapped) } -> std::same_as<typename T::iterator>;
};

template <class T>
concept actor_handle =
    caf::is_actor_handle<T>::value || one_of<T, caf::actor_addr, caf::strong_actor_ptr, caf::weak_actor_ptr>;

template <class T>
concept printable = requires(const T& x) {
  { to_string(x) } -> std::convertible_to<std::string>;
};

/// An enum whose values have names.
template <class T>
concept printable_enum = std::is_enum_v<T> && !byte_like<T> && printable<T>;

/// An enum that has a value for a name.
template <class T>
concept parsable_enum = printable_enum<T> && requires(caf_string_view name, T& x) {
  { from_string(name, x) } -> std::convertible_to<bool>;
};

template <class T>
constexpr std::string_view registered_name() noexcept {
  if constexpr (caf::detail::is_complete<caf::type_name<T>>)
    return {caf::type_name<T>::value.data(), caf::type_name<T>::value.size()};
  else
    return {};
}

/// A type of one value that CAF_ADD_ATOM made, and CAF's own unit types.
template <class T>
concept unit_atom = std::is_empty_v<T> && std::is_default_constructible_v<T> && !registered_name<T>().empty()
                 && (printable<T> || registered_name<T>().ends_with("_atom"));

/// `name` without the scopes before it: `runtime_error` of `caf::sec::runtime_error`.
constexpr std::string_view unqualified(std::string_view name) noexcept {
  auto position = name.rfind("::");
  return position == std::string_view::npos ? name : name.substr(position + 2);
}

/// The atom that the name of a type stands for: `ok` for `caf::ok_atom`.
inline std::string unit_atom_name(std::string_view type_name) {
  auto name = unqualified(type_name);
  name.remove_suffix(std::string_view{"_atom"}.size());
  return std::string{name};
}

/// The declared text of a unit atom, or its type's name without scope and without `_atom`.
template <unit_atom T>
std::string unit_atom_name() {
  if constexpr (printable<T>) {
    return to_string(T{});
  } else {
    return unit_atom_name(registered_name<T>());
  }
}

/// The name of an enum's value, without scopes: some CAF versions print them.
template <printable_enum T>
std::string enum_name(T value) {
  std::string text = to_string(value);
  return std::string{unqualified(text)};
}

/// Finds the value of that name, with or without its scope.
template <parsable_enum T>
bool enum_value(const std::string& name, T& value) {
  if (from_string(caf_string_view{name.data(), name.size()}, value))
    return true;
  if constexpr (!registered_name<T>().empty()) {
    auto qualified = std::string{registered_name<T>()} + "::" + name;
    return from_string(caf_string_view{qualified.data(), qualified.size()}, value);
  } else {
    return false;
  }
}

/// The name under which CAF knows an alternative of a variant.
template <class T>
std::string_view alternative_name() {
  auto name = caf::type_name_by_id_v<caf::type_id_v<T>>;
  return {name.data(), name.size()};
}

} // namespace peer::detail
