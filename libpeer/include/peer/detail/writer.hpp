// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"
#include "peer/term.hpp"

#include "caf/fwd.hpp"

#include <array>
#include <type_traits>

namespace peer::detail {

/// The maximum length of a STRING_EXT.
constexpr std::size_t max_string_size = 0xFFFF;

/// Writes terms in the external format to a buffer, value by value: the sink of everything that is encoded.
///
/// Containers are a header followed by their elements; the caller writes as many elements as the header announces. The
/// smallest encoding that fits is chosen ("External Term Format", ERTS).
class term_writer {
public:
  /// Appends to `out`, which must outlive the writer.
  explicit term_writer(byte_buffer& out) : out_(out) {
    if (out.capacity() == 0)
      out.reserve(first_capacity);
  }

  /// Starts a term that stands alone: the version byte 131.
  void version();

  void integer(std::int64_t value);
  void integer(std::uint64_t value);
  void integer(const erl::big_integer& value);

  /// @pre `value` is finite.
  void real(double value);

  /// @pre `name` is valid UTF-8 of at most 255 characters (1020 bytes).
  void atom(std::string_view name);

  void boolean(bool value) { atom(value ? "true" : "false"); }

  void binary(const_byte_span bytes);
  void binary(std::string_view bytes) { binary(as_byte_span(bytes)); }
  void bits(const erl::bitstring& value);

  /// Writes the header of a tuple; `arity` elements follow.
  void tuple(std::size_t arity);

  /// Starts a tuple whose arity is known only at its end. Returns what `end_tuple` needs. Nested ones end in reverse
  /// order.
  std::size_t begin_tuple();
  void end_tuple(std::size_t token, std::size_t arity);

  /// Writes the header of a list of `size > 0` elements, which follow, and then a tail: `nil` for a proper list.
  void list(std::size_t size);
  void nil();

  /// Writes a list of integers from 0 to 255.
  /// @pre `bytes` has at most 65535 elements.
  void string(const_byte_span bytes);

  /// Writes the elements of a list of integers, between its header and its tail. @pre They are not `bool`.
  template <class Range>
  void integers(const Range& xs) {
    std::array<std::byte, 64 * max_integer_size> chunk;
    std::size_t used = 0;
    for (auto x : xs) {
      if (chunk.size() - used < max_integer_size) {
        encoded(const_byte_span{chunk}.first(used));
        used = 0;
      }
      if constexpr (std::is_signed_v<decltype(x)>)
        used += store_integer(chunk.data() + used, static_cast<std::int64_t>(x));
      else
        used += store_integer(chunk.data() + used, static_cast<std::uint64_t>(x));
    }
    encoded(const_byte_span{chunk}.first(used));
  }

  /// Room for any integer of 64 bits: tag, size, sign and magnitude.
  static constexpr std::size_t max_integer_size = 11;

  /// Writes `value` to `to`, which has that much room, and returns the number of bytes.
  static std::size_t store_integer(std::byte* to, std::int64_t value) noexcept;
  static std::size_t store_integer(std::byte* to, std::uint64_t value) noexcept;

  /// Writes the header of a map; `size` times a key and a value follow.
  void map(std::size_t size);

  void identifier(const pid& value);
  void identifier(const erl::port& value);
  void identifier(const erl::reference& value);
  void function(const erl::export_fun& value);

  /// Appends a term that is encoded already, without its version byte.
  void encoded(const_byte_span bytes);

  byte_buffer& buffer() noexcept { return out_; }

private:
  /// Room for most terms of a call, so that one allocation does for them.
  static constexpr std::size_t first_capacity = 64;

  void put8(std::uint8_t value) { out_.push_back(static_cast<std::byte>(value)); }
  void put16(std::uint16_t value);
  void put32(std::uint32_t value);
  void put64(std::uint64_t value);
  void big(bool negative, const_byte_span magnitude);

  byte_buffer& out_;
};

/// Writes `value`. Fails (`errc::bad_term`) for what Erlang cannot hold: an atom that is too long or no UTF-8, a float
/// that is not finite, more than 2^32 - 1 elements, a term in a local format inside of another one, which it is if
/// `nested`. Then `writer` holds a part of it.
caf::error write(term_writer& writer, const term& value, bool nested = false);

} // namespace peer::detail
