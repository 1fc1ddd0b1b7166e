// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/load_inspector.hpp"
#include "peer/detail/save_inspector.hpp"
#include "peer/error.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"
#include "caf/is_error_code_enum.hpp"
#include "caf/message.hpp"

#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

/// @file
/// Converts C++ values to terms and back by means of the `inspect` overloads that CAF requires.
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
///     actor handles                              an error: they are valid in this process only
///
/// "Bytes" are `std::byte` and CAF's byte; a sequence of `std::uint8_t` is a list of integers. Reading is as strict as
/// writing: an integer is not accepted as a float, and a number outside of the range of the C++ type is a mismatch. A
/// duration must be a whole number of ticks. CAF's unit atoms are written without scope and suffix: `caf::ok_atom` is
/// `ok`, unless declared with a text of their own. A struct without a name is `anonymous`. In an optional of atoms,
/// enums or terms, `undefined` is the absent value. The type names in messages and variants are those of CAF's type
/// IDs.
///
/// An error's category is the name of its enum and its code the name of the value; its text is the string in its
/// context. An error of an unknown category is read as `caf::sec::runtime_error` with all three in its text. "No error"
/// is `none`. `register_message_types` adds a program's own types of message elements and categories of errors.

namespace peer {

/// Appends `value`, encoded without a version byte, to `out`. Fails with `errc::bad_term` or with the error of the
/// value's `inspect`; then `out` is unchanged.
template <class T>
caf::error save_term(byte_buffer& out, const T& value);

/// Reads one term from `reader` into `value`. Fails with `errc::type_mismatch`, whose text has the expected and the
/// found shape and the path to the place, or with `errc::bad_term`.
template <class T>
caf::error load_term(detail::term_reader& reader, T& value);

/// What reading a `T` returns. For a `caf::error` that is the error that was read, or why none could be read: CAF has
/// no `caf::expected<caf::error>`.
template <class T>
using loaded = std::conditional_t<std::same_as<T, caf::error>, caf::error, caf::expected<T>>;

/// Reads `encoded`, one term without version byte, as a `T`. Fails as above, and if bytes follow the term.
template <class T>
loaded<T> load_term(const_byte_span encoded);

/// Converts `value` to a term. Fails as `save_term`.
template <class T>
caf::expected<term> to_term(const T& value);

/// Converts `value` to a `T`. Fails as `load_term`.
template <class T>
loaded<T> from_term(const term& value);

// -- implementation ---------------------------------------------------------------------------------------------------

template <class T>
caf::error save_term(byte_buffer& out, const T& value) {
  if constexpr (std::convertible_to<const T&, const char*> || std::same_as<T, std::string_view>)
    return save_term(out, std::string{value});
  auto size = out.size();
  detail::term_writer writer{out};
  detail::term_save_inspector inspector{writer};
  if (inspector.apply(value))
    return {};
  out.resize(size);
  if (inspector.get_error())
    return inspector.move_error();
  return peer::fail(errc::bad_term, "cannot encode: the type's inspect function failed");
}

template <class T>
caf::error load_term(detail::term_reader& reader, T& value) {
  detail::term_load_inspector inspector{reader};
  if (inspector.apply(value))
    return {};
  return inspector.take_error();
}

template <class T>
loaded<T> load_term(const_byte_span encoded) {
  detail::term_reader reader{encoded};
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
loaded<T> from_term(const term& value) {
  if constexpr (std::same_as<T, term>) {
    return value;
  } else {
    byte_buffer encoded;
    detail::term_writer writer{encoded};
    if (auto err = detail::write(writer, value))
      return err;
    return load_term<T>(encoded);
  }
}

} // namespace peer

/// @file
/// The static types of the elements of a `caf::message` are not known. CAF writes and reads them through its virtual
/// `caf::serializer` and `caf::deserializer`, by which an enum becomes a string, a sequence of bytes a list, an array a
/// tuple, and messages and errors inside of a struct are errors. For types that are registered here, the mapping at the
/// top of this file applies. CAF's numbers, strings, atoms, errors, messages, times and byte buffers, and the types of
/// libpeer, are registered already.

namespace peer {

/// How the elements of one type are written and read.
struct message_type {
  std::string_view name;
  bool (*save)(detail::term_save_inspector& f, const caf::message& source, std::size_t index);
  bool (*load)(detail::term_load_inspector& f, caf::message& result);

  /// Makes an error of this category; no error if it has no code of that name. Null for types that are not error codes.
  caf::error (*make_error)(const std::string& code, std::string text);
};

/// Adds or replaces the entry of `id`. Thread-safe; terms that were read before are not affected.
void set_message_type(caf::type_id_t id, const message_type& entry);

/// Registers the static mapping of types with a CAF type ID for elements of messages and, if they are CAF error codes,
/// for errors. Thread-safe; call it where the program calls `caf::init_global_meta_objects`.
template <class... Ts>
void register_message_types();

// -- implementation ---------------------------------------------------------------------------------------------------

template <class T>
message_type make_message_type() {
  message_type result{detail::alternative_name<T>(), nullptr, nullptr, nullptr};
  result.save = [](detail::term_save_inspector& f, const caf::message& source, std::size_t index) {
    return f.apply(source.get_as<T>(index));
  };
  result.load = [](detail::term_load_inspector& f, caf::message& element) {
    T value{};
    if (!f.apply(value))
      return false;
    element = caf::make_message(std::move(value));
    return true;
  };
  if constexpr (caf::is_error_code_enum<T>::value && detail::parsable_enum<T>)
    result.make_error = [](const std::string& code, std::string text) -> caf::error {
      T value{};
      if (!detail::enum_value(code, value))
        return {};
      return text.empty() ? caf::make_error(value) : caf::make_error(value, std::move(text));
    };
  return result;
}

template <class... Ts>
void register_message_types() {
  (set_message_type(caf::type_id_v<Ts>, make_message_type<Ts>()), ...);
}

} // namespace peer
