// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/reader.hpp"
#include "wire/message.hpp"

#include "caf/error.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace peer::internal::wire {

/// Reads the tuple that is a message, element by element. A function that returns `bool` returns false after an error,
/// which `error()` then returns: `errc::protocol_violation` for an invalid message, `errc::bad_term` for bytes that are
/// not a term. Both name the message and the field.
class fields {
public:
  /// Reads from `reader`, which must be at its beginning and must outlive this object.
  explicit fields(detail::term_reader& reader) noexcept : reader_(reader) {}

  // -- the message as a whole ---

  /// Reads up to the atom that names the message.
  bool open();

  /// The atom that names the message.
  std::string_view tag() const noexcept { return tag_; }

  /// Elements after the name that have been read so far.
  std::size_t read_elements() const noexcept { return read_elements_; }

  /// Checks the number of elements, the name included.
  bool arity(std::size_t expected);

  /// Checks that nothing follows the message.
  bool close();

  /// Fails because `sender` must not send a message of that name.
  bool unknown(const char* sender);

  // -- elements; `field` is the name in the protocol ---

  bool any(const char* field, encoded_view& value);
  bool proper_list(const char* field, encoded_view& value);
  bool integer(const char* field, std::uint64_t& value);

  /// `name` views the payload, or `converted` if it had to be converted to UTF-8.
  bool atom(const char* field, std::string_view& name, std::string& converted);
  bool pid(const char* field, encoded_view& value);

  /// A pid or a registered name: an atom or `{Name, Node}`, both atoms.
  bool destination(const char* field, encoded_view& value);

  /// `{Reason, Stacktrace}`.
  bool exception(const char* field, encoded_view& value);

  // -- errors ---

  const caf::error& error() const noexcept { return error_; }

  /// Fails because a field is not what was expected.
  bool mismatch(const char* field, const char* expected, std::string_view found);

private:
  bool peek(const char* field, detail::term_reader::kind& what);
  bool require(const char* field, detail::term_reader::kind wanted, const char* expected);

  /// Views what was read since `remaining()` was `begin`.
  bool view(const_byte_span begin, encoded_view& value) noexcept;

  /// Counts one more element as read.
  bool done() noexcept {
    ++read_elements_;
    return true;
  }

  /// "message call: ", if the message's name is known.
  std::string place() const;

  bool violation(std::string what);

  /// Adopts the reader's error and adds the position.
  bool malformed(const char* field);

  detail::term_reader& reader_;
  std::string_view tag_;
  std::string converted_tag_;
  std::size_t arity_ = 0;
  std::size_t read_elements_ = 0;
  caf::error error_;
};

} // namespace peer::internal::wire
