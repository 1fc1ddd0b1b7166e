// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/writer.hpp"

#include "base/large_memory.hpp"
#include "term/codec/tags.hpp"

#include <array>
#include <bit>
#include <cstring>
#include <limits>

namespace peer::detail {

namespace {

constexpr std::uint8_t operator+(detail::tag value) noexcept {
  return static_cast<std::uint8_t>(value);
}

template <class T>
void put_big_endian(byte_buffer& out, T value) {
  std::array<std::byte, sizeof(T)> bytes;
  for (std::size_t i = 0; i < sizeof(T); ++i)
    bytes[i] = static_cast<std::byte>(value >> (8 * (sizeof(T) - 1 - i)));
  append(out, bytes);
}

std::size_t store_four_bytes(std::byte* to, std::uint32_t value) noexcept {
  *to++ = std::byte{+detail::tag::integer};
  for (auto shift : {24, 16, 8, 0})
    *to++ = static_cast<std::byte>(value >> shift);
  return 5;
}

/// @pre `magnitude` is not 0.
std::size_t store_big(std::byte* to, bool negative, std::uint64_t magnitude) noexcept {
  to[0] = std::byte{+detail::tag::small_big};
  to[2] = std::byte{negative};
  std::size_t size = 0;
  for (; magnitude != 0; magnitude >>= 8)
    to[3 + size++] = static_cast<std::byte>(magnitude);
  to[1] = static_cast<std::byte>(size);
  return 3 + size;
}

} // namespace

// -- primitives -------------------------------------------------------------------------------------------------------

void term_writer::put16(std::uint16_t value) {
  put_big_endian(out_, value);
}

void term_writer::put32(std::uint32_t value) {
  put_big_endian(out_, value);
}

void term_writer::put64(std::uint64_t value) {
  put_big_endian(out_, value);
}

void term_writer::version() {
  put8(detail::version_byte);
}

// -- numbers ----------------------------------------------------------------------------------------------------------

void term_writer::big(bool negative, const_byte_span magnitude) {
  if (magnitude.size() <= 0xFF) {
    put8(+detail::tag::small_big);
    put8(static_cast<std::uint8_t>(magnitude.size()));
  } else {
    put8(+detail::tag::large_big);
    put32(static_cast<std::uint32_t>(magnitude.size()));
  }
  put8(negative ? 1 : 0);
  append(out_, magnitude);
}

std::size_t term_writer::store_integer(std::byte* to, std::int64_t value) noexcept {
  if (value >= 0)
    return store_integer(to, static_cast<std::uint64_t>(value));
  if (value >= std::numeric_limits<std::int32_t>::min())
    return store_four_bytes(to, static_cast<std::uint32_t>(value));
  return store_big(to, true, ~static_cast<std::uint64_t>(value) + 1);
}

std::size_t term_writer::store_integer(std::byte* to, std::uint64_t value) noexcept {
  if (value <= 0xFF) {
    to[0] = std::byte{+detail::tag::small_integer};
    to[1] = static_cast<std::byte>(value);
    return 2;
  }
  if (value <= static_cast<std::uint64_t>(std::numeric_limits<std::int32_t>::max()))
    return store_four_bytes(to, static_cast<std::uint32_t>(value));
  return store_big(to, false, value);
}

void term_writer::integer(std::int64_t value) {
  std::array<std::byte, max_integer_size> bytes;
  append(out_, const_byte_span{bytes}.first(store_integer(bytes.data(), value)));
}

void term_writer::integer(std::uint64_t value) {
  std::array<std::byte, max_integer_size> bytes;
  append(out_, const_byte_span{bytes}.first(store_integer(bytes.data(), value)));
}

void term_writer::integer(const erl::big_integer& value) {
  if (auto small = value.to_int64())
    integer(*small);
  else
    big(value.negative(), as_byte_span(value.magnitude()));
}

void term_writer::real(double value) {
  put8(+detail::tag::new_float);
  put64(std::bit_cast<std::uint64_t>(value));
}

// -- atoms and binaries -----------------------------------------------------------------------------------------------

void term_writer::atom(std::string_view name) {
  if (name.size() <= 0xFF) {
    std::array<std::byte, 2 + 0xFF> bytes;
    bytes[0] = std::byte{+detail::tag::small_atom_utf8};
    bytes[1] = static_cast<std::byte>(name.size());
    std::memcpy(bytes.data() + 2, name.data(), name.size());
    append(out_, const_byte_span{bytes}.first(2 + name.size()));
  } else {
    put8(+detail::tag::atom_utf8);
    put16(static_cast<std::uint16_t>(name.size()));
    append(out_, as_byte_span(name));
  }
}

void term_writer::binary(const_byte_span bytes) {
  make_room(out_, 5 + bytes.size() + 1); // what stands around an argument, too
  put8(+detail::tag::binary);
  put32(static_cast<std::uint32_t>(bytes.size()));
  append(out_, bytes);
}

void term_writer::bits(const erl::bitstring& value) {
  if (value.unused_bits == 0) {
    binary(value.bytes);
    return;
  }
  put8(+detail::tag::bit_binary);
  put32(static_cast<std::uint32_t>(value.bytes.size()));
  put8(static_cast<std::uint8_t>(8 - value.unused_bits));
  append(out_, as_byte_span(value.bytes));
}

// -- containers -------------------------------------------------------------------------------------------------------

void term_writer::tuple(std::size_t arity) {
  if (arity <= 0xFF) {
    put8(+detail::tag::small_tuple);
    put8(static_cast<std::uint8_t>(arity));
  } else {
    put8(+detail::tag::large_tuple);
    put32(static_cast<std::uint32_t>(arity));
  }
}

std::size_t term_writer::begin_tuple() {
  auto token = out_.size();
  tuple(0);
  return token;
}

void term_writer::end_tuple(std::size_t token, std::size_t arity) {
  if (arity <= 0xFF) {
    out_[token + 1] = static_cast<std::byte>(arity);
    return;
  }
  // The header that was written has room for a small arity only.
  byte_buffer header;
  term_writer{header}.tuple(arity);
  auto position = out_.begin() + static_cast<std::ptrdiff_t>(token);
  out_.insert(out_.erase(position, position + 2), header.begin(), header.end());
}

void term_writer::list(std::size_t size) {
  put8(+detail::tag::list);
  put32(static_cast<std::uint32_t>(size));
}

void term_writer::nil() {
  put8(+detail::tag::nil);
}

void term_writer::string(const_byte_span bytes) {
  if (bytes.empty()) {
    nil();
    return;
  }
  put8(+detail::tag::string);
  put16(static_cast<std::uint16_t>(bytes.size()));
  append(out_, bytes);
}

void term_writer::map(std::size_t size) {
  put8(+detail::tag::map);
  put32(static_cast<std::uint32_t>(size));
}

// -- identifiers and functions ----------------------------------------------------------------------------------------

void term_writer::identifier(const pid& value) {
  put8(+detail::tag::new_pid);
  atom(value.node.name());
  put32(value.id);
  put32(value.serial);
  put32(value.creation);
}

void term_writer::identifier(const erl::port& value) {
  if (value.id <= detail::max_new_port_id) {
    put8(+detail::tag::new_port);
    atom(value.node.name());
    put32(static_cast<std::uint32_t>(value.id));
  } else {
    put8(+detail::tag::v4_port);
    atom(value.node.name());
    put64(value.id);
  }
  put32(value.creation);
}

void term_writer::identifier(const erl::reference& value) {
  put8(+detail::tag::newer_reference);
  put16(static_cast<std::uint16_t>(value.ids.size()));
  atom(value.node.name());
  put32(value.creation);
  for (auto id : value.ids)
    put32(id);
}

void term_writer::function(const erl::export_fun& value) {
  put8(+detail::tag::export_fun);
  atom(value.module.name());
  atom(value.function.name());
  integer(std::uint64_t{value.arity});
}

void term_writer::encoded(const_byte_span bytes) {
  append(out_, bytes);
}

} // namespace peer::detail
