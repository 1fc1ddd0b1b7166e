// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/reader.hpp"

#include "base/utf8.hpp"
#include "peer/error.hpp"
#include "term/codec/tags.hpp"
#include "term/value/storage.hpp"

#include <bit>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <limits>

namespace peer::detail {

namespace {

std::string describe(tag which) {
  return "tag " + std::to_string(static_cast<unsigned>(which));
}

/// Reads the bytes of a number, least significant first. False if they are more than 64 bits.
bool magnitude_of(const_byte_span bytes, std::uint64_t& result) noexcept {
  while (!bytes.empty() && bytes.back() == std::byte{0})
    bytes = bytes.first(bytes.size() - 1);
  if (bytes.size() > sizeof(result))
    return false;
  result = 0;
  for (auto i = bytes.size(); i-- > 0;)
    result = (result << 8) | static_cast<std::uint64_t>(bytes[i]);
  return true;
}

} // namespace

term_reader::term_reader(const_byte_span input, const term_limits& limits) noexcept : input_(input), limits_(limits) {}

// -- bytes and errors -------------------------------------------------------------------------------------------------

bool term_reader::take_tag(tag& result) {
  tag_at_ = position_;
  if (left() == 0)
    return fail("the input ends where a term should start");
  result = static_cast<tag>(take(1));
  return true;
}

bool term_reader::fail_need(std::uint64_t size) {
  return fail_at(tag_at_, describe(static_cast<tag>(input_[tag_at_])) + " needs " + std::to_string(size)
                              + " more bytes at byte " + std::to_string(position_) + " and " + std::to_string(left())
                              + " are left");
}

bool term_reader::need_elements(std::uint64_t count) {
  if (count <= left())
    return true;
  return fail_at(tag_at_, describe(static_cast<tag>(input_[tag_at_])) + " announces " + std::to_string(count)
                              + " terms, but only " + std::to_string(left()) + " bytes are left");
}

bool term_reader::fail_at(std::size_t position, std::string what) {
  error_ = peer::fail(errc::bad_term, "byte " + std::to_string(position) + ": " + std::move(what));
  return false;
}

bool term_reader::fail(std::string what) {
  return fail_at(position_, std::move(what));
}

bool term_reader::mismatch(const char* expected) {
  return fail_at(tag_at_,
                 "expected " + std::string{expected} + ", found " + describe(static_cast<tag>(input_[tag_at_])));
}

bool term_reader::enter() {
  if (depth_ >= limits_.max_depth)
    return fail("more than " + std::to_string(limits_.max_depth) + " levels of nesting in a C++ value");
  ++depth_;
  return true;
}

bool term_reader::fail_peek() {
  if (left() == 0)
    return fail("the input ends where a term should start");
  return fail(describe(static_cast<tag>(input_[position_])) + " is unknown");
}

constexpr std::array<std::uint8_t, 256> term_reader::kinds = [] {
  std::array<std::uint8_t, 256> result{};
  result.fill(no_kind);
  auto set = [&result](kind what, std::initializer_list<tag> tags) {
    for (auto each : tags)
      result[static_cast<std::size_t>(each)] = static_cast<std::uint8_t>(what);
  };
  set(kind::integer, {tag::small_integer, tag::integer, tag::small_big, tag::large_big});
  set(kind::real, {tag::new_float, tag::float_text});
  set(kind::atom, {tag::atom, tag::small_atom, tag::atom_utf8, tag::small_atom_utf8});
  set(kind::binary, {tag::binary});
  set(kind::bits, {tag::bit_binary});
  set(kind::tuple, {tag::small_tuple, tag::large_tuple});
  set(kind::nil, {tag::nil});
  set(kind::list, {tag::list});
  set(kind::string, {tag::string});
  set(kind::map, {tag::map});
  set(kind::pid, {tag::new_pid, tag::pid});
  set(kind::port, {tag::new_port, tag::v4_port, tag::port});
  set(kind::reference, {tag::newer_reference, tag::new_reference, tag::reference});
  set(kind::export_fun, {tag::export_fun});
  set(kind::opaque, {tag::new_fun, tag::fun, tag::local});
  return result;
}();

// -- numbers ----------------------------------------------------------------------------------------------------------

bool term_reader::number_body(tag which, bool& negative, const_byte_span& magnitude, std::uint64_t& small) {
  magnitude = {};
  negative = false;
  small = 0;
  if (which == tag::small_integer) {
    if (!need(1))
      return false;
    small = take(1);
    return true;
  }
  if (which == tag::integer) {
    if (!need(4))
      return false;
    auto value = std::int64_t{static_cast<std::int32_t>(take(4))};
    negative = value < 0;
    small = static_cast<std::uint64_t>(negative ? -value : value);
    return true;
  }
  if (which != tag::small_big && which != tag::large_big)
    return mismatch("an integer");
  auto width = which == tag::small_big ? 1u : 4u;
  if (!need(width))
    return false;
  auto size = take(width);
  if (!need(size + 1))
    return false;
  negative = take(1) != 0;
  magnitude = take_bytes(size);
  return true;
}

bool term_reader::integer(number& value) {
  if (left() >= 2 && input_[position_] == static_cast<std::byte>(tag::small_integer)) { // most of them
    tag_at_ = position_;
    value = {false, std::to_integer<std::uint64_t>(input_[position_ + 1]), false};
    position_ += 2;
    return true;
  }
  tag which;
  const_byte_span bytes;
  if (!take_tag(which) || !number_body(which, value.negative, bytes, value.magnitude))
    return false;
  value.wide = !bytes.empty() && !magnitude_of(bytes, value.magnitude);
  if (!value.wide && value.magnitude == 0)
    value.negative = false;
  return true;
}

bool term_reader::integer(std::int64_t& value) {
  number found;
  if (!integer(found))
    return false;
  constexpr auto max = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  if (found.wide || found.magnitude > max + (found.negative ? 1 : 0))
    return fail_at(tag_at_, "expected an integer of 64 bits, found a bigger one");
  value = static_cast<std::int64_t>(found.negative ? ~found.magnitude + 1 : found.magnitude);
  return true;
}

bool term_reader::integer(std::uint64_t& value) {
  number found;
  if (!integer(found))
    return false;
  if (found.wide || found.negative)
    return fail_at(tag_at_, "expected an integer from 0 to 2^64 - 1, found another one");
  value = found.magnitude;
  return true;
}

bool term_reader::integer(term& value) {
  tag which;
  if (!take_tag(which))
    return false;
  bool negative = false;
  const_byte_span bytes;
  std::uint64_t small = 0;
  if (!number_body(which, negative, bytes, small))
    return false;
  if (bytes.empty())
    term_storage::emplace(value, negative ? -static_cast<std::int64_t>(small) : static_cast<std::int64_t>(small));
  else
    value = erl::big_integer{negative, std::string{as_text(bytes)}};
  return true;
}

bool term_reader::real_text(double& value) {
  constexpr std::size_t text_size = 31;
  if (!need(text_size))
    return false;
  auto text = as_text(take_bytes(text_size));
  text = text.substr(0, text.find('\0'));
  auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (code != std::errc{} || end != text.data() + text.size())
    return fail_at(tag_at_, describe(tag::float_text) + " does not hold a float");
  return true;
}

bool term_reader::real(double& value) {
  tag which;
  if (!take_tag(which))
    return false;
  if (which == tag::new_float) {
    if (!need(8))
      return false;
    value = std::bit_cast<double>(take(8));
  } else if (which == tag::float_text) {
    if (!real_text(value))
      return false;
  } else {
    return mismatch("a float");
  }
  return std::isfinite(value) || fail_at(tag_at_, describe(which) + " holds a float that is infinite or not a number");
}

// -- atoms and binaries -----------------------------------------------------------------------------------------------

bool term_reader::atom_body(tag which, std::string_view& name, std::string& converted) {
  if (which != tag::atom && which != tag::small_atom && which != tag::atom_utf8 && which != tag::small_atom_utf8)
    return mismatch("an atom");
  auto width = which == tag::small_atom || which == tag::small_atom_utf8 ? 1u : 2u;
  if (!need(width))
    return false;
  auto size = take(width);
  if (!need(size))
    return false;
  name = as_text(take_bytes(size));
  if (which == tag::atom || which == tag::small_atom) {
    converted.clear();
    internal::base::append_latin1(converted, name);
    name = converted;
  }
  if (internal::base::valid_atom(name))
    return true;
  return fail_at(tag_at_, describe(which)
                              + (internal::base::count_utf8(name) ? " holds an atom of more than 255 characters"
                                                                  : " does not hold valid UTF-8"));
}

bool term_reader::atom(std::string_view& name, std::string& converted) {
  tag which;
  return take_tag(which) && atom_body(which, name, converted);
}

bool term_reader::atom(std::string& name) {
  std::string_view found;
  if (!atom(found, name))
    return false;
  if (found.data() != name.data())
    name = found;
  return true;
}

bool term_reader::binary(const_byte_span& bytes) {
  tag which;
  if (!take_tag(which))
    return false;
  if (which != tag::binary)
    return mismatch("a binary");
  if (!need(4))
    return false;
  auto size = take(4);
  if (!need(size))
    return false;
  bytes = take_bytes(size);
  return true;
}

bool term_reader::bits_header(std::size_t& size, std::uint8_t& used_bits) {
  if (!need(5))
    return false;
  size = take(4);
  used_bits = static_cast<std::uint8_t>(take(1));
  if (used_bits > 8 || (size == 0) != (used_bits == 0))
    return fail_at(tag_at_, describe(tag::bit_binary) + " uses " + std::to_string(used_bits) + " bits of the last of "
                                + std::to_string(size) + " bytes");
  return need(size);
}

bool term_reader::bits(erl::bitstring& value) {
  kind what;
  if (!peek(what))
    return false;
  value.unused_bits = 0;
  if (what != kind::bits) {
    const_byte_span bytes;
    if (what != kind::binary)
      return mismatch("a bit string");
    if (!binary(bytes))
      return false;
    value.bytes = as_text(bytes);
    return true;
  }
  tag which;
  std::size_t size = 0;
  std::uint8_t used_bits = 0;
  if (!take_tag(which) || !bits_header(size, used_bits))
    return false;
  value.bytes = as_text(take_bytes(size));
  if (!value.bytes.empty()) {
    value.unused_bits = static_cast<std::uint8_t>(8 - used_bits);
    value.bytes.back() = static_cast<char>(static_cast<std::uint8_t>(value.bytes.back()) & (0xFF << value.unused_bits));
  }
  return true;
}

bool remove_binary_header(byte_buffer& encoded) {
  term_reader reader{encoded};
  auto what = term_reader::kind::nil;
  const_byte_span bytes;
  if (!reader.peek(what) || what != term_reader::kind::binary || !reader.binary(bytes) || !reader.at_end())
    return false;
  encoded.erase(encoded.begin(), encoded.end() - static_cast<std::ptrdiff_t>(bytes.size()));
  return true;
}

// -- containers -------------------------------------------------------------------------------------------------------

bool term_reader::tuple(std::size_t& arity) {
  tag which;
  if (!take_tag(which))
    return false;
  if (which != tag::small_tuple && which != tag::large_tuple)
    return mismatch("a tuple");
  auto width = which == tag::small_tuple ? 1u : 4u;
  if (!need(width))
    return false;
  arity = take(width);
  return need_elements(arity);
}

bool term_reader::list(std::size_t& size) {
  for (;;) {
    tag which;
    if (!take_tag(which))
      return false;
    if (which == tag::nil) {
      size = 0;
      return true;
    }
    if (which != tag::list)
      return mismatch("a list");
    if (!need(4))
      return false;
    size = take(4);
    if (!need_elements(std::uint64_t{size} + 1))
      return false;
    // Without elements, the tail is the list.
    if (size > 0)
      return true;
  }
}

bool term_reader::list_end() {
  tag which;
  if (!take_tag(which))
    return false;
  return which == tag::nil || mismatch("the end of a list");
}

bool term_reader::string(const_byte_span& bytes) {
  tag which;
  if (!take_tag(which))
    return false;
  if (which != tag::string)
    return mismatch("a list of bytes");
  if (!need(2))
    return false;
  auto size = take(2);
  if (!need(size))
    return false;
  bytes = take_bytes(size);
  return true;
}

bool term_reader::map(std::size_t& size) {
  tag which;
  if (!take_tag(which))
    return false;
  if (which != tag::map)
    return mismatch("a map");
  if (!need(4))
    return false;
  size = take(4);
  return need_elements(2 * std::uint64_t{size});
}

} // namespace peer::detail
