// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/inspector_traits.hpp"
#include "peer/term.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>

namespace peer::detail {

/// Stands for the result of a function that returns nothing.
struct ok_result {};

template <class T>
struct type_words;

/// The type `T` in the words of Erlang's type specifications, by the mapping in term/convert.hpp.
template <class T>
std::string type_text() {
  return type_words<T>::text();
}

/// GCC 12 warns by mistake (-Wrestrict) about the `operator+` of a literal and a string, where users compile this.
inline std::string enclosed(std::string_view open, std::string_view text, std::string_view close) {
  auto result = std::string{open};
  result += text;
  result += close;
  return result;
}

/// "A, B, C"
template <class... Ts>
std::string type_list() {
  auto result = std::string{};
  ((result += result.empty() ? "" : ", ", result += type_text<Ts>()), ...);
  return result;
}

template <class T>
std::string struct_name() {
  auto name = unqualified(registered_name<T>());
  return name.empty() ? "tuple()" : enclosed("#", name, "{}");
}

template <class T>
std::string plain_type_text() {
  if constexpr (std::is_same_v<T, ok_result>)
    return "ok";
  else if constexpr (std::is_same_v<T, bool>)
    return "boolean()";
  else if constexpr (byte_sequence<T>)
    return "binary()";
  else if constexpr (std::is_integral_v<T> || std::is_same_v<T, erl::big_integer>)
    return "integer()";
  else if constexpr (std::is_floating_point_v<T>)
    return "float()";
  else if constexpr (std::is_same_v<T, std::string>)
    return "binary() | string()";
  else if constexpr (std::is_same_v<T, atom> || std::is_enum_v<T>)
    return "atom()";
  else if constexpr (std::is_same_v<T, pid>)
    return "pid()";
  else if constexpr (std::is_same_v<T, erl::reference>)
    return "reference()";
  else if constexpr (std::is_same_v<T, erl::port>)
    return "port()";
  else if constexpr (std::is_same_v<T, term>)
    return "term()";
  else if constexpr (std::is_same_v<T, erl::tuple>)
    return "tuple()";
  else if constexpr (std::is_same_v<T, erl::list>)
    return "list()";
  else if constexpr (std::is_same_v<T, erl::map>)
    return "map()";
  else if constexpr (unit_atom<T>)
    return unit_atom_name<T>();
  else if constexpr (is_duration<T>)
    return "{ns, integer()}";
  else if constexpr (is_timestamp<T>)
    return "integer()";
  else if constexpr (requires { typename T::mapped_type; })
    return enclosed("#{", type_text<typename T::key_type>() + " => " + type_text<typename T::mapped_type>(), "}");
  else if constexpr (requires(const T& x) {
                       typename T::value_type;
                       x.begin();
                     })
    return enclosed("[", type_text<typename T::value_type>(), "]");
  else
    return struct_name<T>();
}

template <class T>
struct type_words {
  static std::string text() { return plain_type_text<T>(); }
};

template <class T>
struct type_words<std::optional<T>> {
  static std::string text() { return type_text<T>() + " | undefined"; }
};

template <class... Ts>
struct type_words<std::tuple<Ts...>> {
  static std::string text() { return enclosed("{", type_list<Ts...>(), "}"); }
};

template <class T, class U>
struct type_words<std::pair<T, U>> : type_words<std::tuple<T, U>> {};

/// The types of a function in Erlang's notation: "(integer(), [float()]) -> ok". For error messages.
template <class R, class... Ts>
std::string signature() {
  return enclosed("(", type_list<Ts...>(), ") -> ") + type_text<R>();
}

} // namespace peer::detail
