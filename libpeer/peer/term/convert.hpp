// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term/load_inspector.hpp"
#include "peer/term/save_inspector.hpp"

#include "caf/expected.hpp"

/// @file
/// C++ values to terms and back, through the `inspect` overloads that CAF knows, without building a tree in between.
///
///     C++                                        Erlang
///     integer, floating point, bool              integer, float, true | false
///     std::string                                UTF-8 binary (read: a binary or a charlist)
///     enum                                       atom of its name
///     peer::atom, CAF's unit atoms               atom
///     struct                                     {name, field…}, the name an atom, as registered with CAF or declared
///     optional<T>                                value or undefined; optional<optional<T>>: undefined | {some, V}
///     variant<Ts…>                               {alternative_name, V}
///     vector, list, set, array of bytes          binary
///     other sequences                            list
///     map                                        map
///     tuple, pair, C array                       tuple
///     duration                                   {ns, N} with N integer nanoseconds
///     caf::message                               {'$message', [{type_name, V}…]}
///     caf::error                                 {'$error', Category, Code, Text}
///     peer::term and its alternatives            themselves
///     actor handles                              refused: they have no meaning in another process

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

} // namespace peer
