// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term/load_inspector.hpp"
#include "peer/term/save_inspector.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <concepts>
#include <string>
#include <string_view>

/// @file
/// C++ values to terms and back, through the `inspect` overloads that CAF knows, without building a tree in between.
///
///     C++                                        Erlang
///     integer, floating point, bool              integer, float, true | false
///     std::string, string literal                UTF-8 binary (read: a binary or a charlist)
///     enum                                       atom of its name
///     peer::atom, CAF's unit atoms               atom
///     struct                                     {name, field…}, the name an atom, as registered with CAF or declared
///     optional<T>                                value or undefined; optional<optional<T>>: undefined | {some, V}
///     variant<Ts…>                               {alternative_name, V}
///     vector, list, set, array of bytes          binary
///     other sequences                            list
///     map                                        map (a multimap: list of {Key, Value})
///     tuple, pair, C array                       tuple
///     duration                                   {ns, N} with N integer nanoseconds
///     std::chrono::system_clock::time_point      integer nanoseconds since 1970, as erlang:system_time(nanosecond)
///     caf::message                               {'$message', [{type_name, V}…]}
///     caf::error                                 {'$error', Category, Code, Text}
///     peer::term and its alternatives            themselves
///     actor handles                              refused: they have no meaning in another process
///
/// "Bytes" are `std::byte` and CAF's byte; a sequence of `std::uint8_t` is a list of integers. Reading is as strict as
/// writing: an integer is no float, and a number that does not fit into the C++ type is a mismatch. A duration must be
/// a whole number of ticks. CAF's unit atoms lose scope and suffix: `caf::ok_atom` is `ok`, unless declared with a text
/// of their own. A struct that CAF has no name for is `anonymous`. What `undefined` stands for in an optional of atoms,
/// enums or terms is the absent value. The type names of messages and variants are those of CAF's type IDs.
///
/// An error's category is the name of its enum and its code the name of the value; its text is the string in its
/// context. An error of unknown category is read as `caf::sec::runtime_error` with all three in its text, "no error" as
/// `none`. See message_types.hpp for types in messages and categories of errors that a program adds.

namespace peer {

/// Appends `value`, encoded without a version byte, to `out`. Fails with `errc::bad_term` or with what the value's
/// `inspect` reports; then `out` is as before.
template <class T>
caf::error save_term(byte_buffer& out, const T& value);

/// Reads one term from `reader` into `value`. Fails with `errc::type_mismatch` if it has another shape, naming expected
/// and found shape and the path to it, or with `errc::bad_term`.
template <class T>
caf::error load_term(term_reader& reader, T& value);

/// Reads `encoded`, a whole term without version byte, as a `T`.
template <class T>
caf::expected<T> load_term(const_byte_span encoded);

/// Converts `value` to a term.
template <class T>
caf::expected<term> to_term(const T& value);

/// Converts `value` to a `T`.
template <class T>
caf::expected<T> from_term(const term& value);

// -- implementation ---------------------------------------------------------------------------------------------------

template <class T>
caf::error save_term(byte_buffer& out, const T& value) {
  if constexpr (std::convertible_to<const T&, const char*> || std::same_as<T, std::string_view>)
    return save_term(out, std::string{value});
  auto size = out.size();
  term_writer writer{out};
  term_save_inspector inspector{writer};
  if (inspector.apply(value))
    return {};
  out.resize(size);
  if (inspector.get_error())
    return inspector.move_error();
  return caf::make_error(errc::bad_term, std::string{"cannot encode: the type's inspect function failed"});
}

template <class T>
caf::error load_term(term_reader& reader, T& value) {
  term_load_inspector inspector{reader};
  if (inspector.apply(value))
    return {};
  return inspector.take_error();
}

template <class T>
caf::expected<T> load_term(const_byte_span encoded) {
  term_reader reader{encoded};
  T result{};
  if (auto err = load_term(reader, result))
    return err;
  if (!reader.at_end()) {
    reader.fail(std::to_string(reader.remaining().size()) + " bytes follow the term");
    return reader.error();
  }
  return result;
}

template <class T>
caf::expected<term> to_term(const T& value) {
  if constexpr (std::same_as<T, term>) {
    return value;
  } else {
    byte_buffer encoded;
    if (auto err = save_term(encoded, value))
      return err;
    return load_term<term>(encoded);
  }
}

template <class T>
caf::expected<T> from_term(const term& value) {
  if constexpr (std::same_as<T, term>) {
    return value;
  } else {
    byte_buffer encoded;
    term_writer writer{encoded};
    if (auto err = write(writer, value, term_limits{}.max_depth))
      return err;
    return load_term<T>(encoded);
  }
}

} // namespace peer
