// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "term/text/segment.hpp"

#include "base/utf8.hpp"

#include <array>
#include <bit>
#include <cmath>
#include <utility>

namespace peer::internal::text {

namespace {

using failure = std::optional<std::string>;
using type = segment_layout::type;

constexpr auto types = std::array<std::pair<std::string_view, type>, 9>{{
    {"integer", type::integer},
    {"float", type::real},
    {"binary", type::binary},
    {"bytes", type::binary},
    {"bitstring", type::bits},
    {"bits", type::bits},
    {"utf8", type::utf8},
    {"utf16", type::utf16},
    {"utf32", type::utf32},
}};

bool is_integer(const term& value) {
  return value.is<std::int64_t>() || value.is<erl::big_integer>();
}

// The size in bits, or nothing if it is more than `max_bits`.
std::optional<std::size_t> checked_bits(std::uint64_t size, std::uint64_t unit, std::size_t max_bits) {
  if (size > max_bits / unit)
    return std::nullopt;
  return static_cast<std::size_t>(size * unit);
}

failure too_large() {
  return "the binary is too large";
}

failure append_integer(bit_builder& out, const term& value, const segment_layout& layout, std::size_t max_bits) {
  if (!is_integer(value))
    return "expected an integer as the value of a segment; other types need a type, such as /float or /binary";
  auto bits = checked_bits(layout.size.value_or(8), layout.unit.value_or(1), max_bits);
  if (!bits)
    return too_large();
  out.append_integer(value, *bits, layout.little_endian.value_or(false));
  return std::nullopt;
}

std::optional<double> to_double(const term& value) {
  if (auto* real = value.get_if<double>())
    return *real;
  if (auto* small = value.get_if<std::int64_t>())
    return static_cast<double>(*small);
  if (auto* big = value.get_if<erl::big_integer>())
    return big->to_double();
  return std::nullopt;
}

failure append_real(bit_builder& out, const term& value, const segment_layout& layout, std::size_t max_bits) {
  auto number = to_double(value);
  if (!number)
    return "expected a number as the value of a segment of type float";
  auto bits = checked_bits(layout.size.value_or(64), layout.unit.value_or(1), max_bits);
  if (bits != 32 && bits != 64)
    return "expected 32 or 64 as the size of a segment of type float";
  auto narrow = static_cast<float>(*number);
  if (!std::isfinite(*number) || (bits == 32 && !std::isfinite(narrow)))
    return "the number is too large for a segment of type float and that size";
  auto pattern = bits == 64 ? std::bit_cast<std::uint64_t>(*number) : std::bit_cast<std::uint32_t>(narrow);
  out.append_integer(pattern, *bits, layout.little_endian.value_or(false));
  return std::nullopt;
}

failure append_bits(bit_builder& out, const term& value, const segment_layout& layout, std::size_t max_bits) {
  auto* source = value.get_if<erl::bitstring>();
  if (!source)
    return "expected a binary as the value of a segment of that type";
  auto unit = layout.unit.value_or(layout.kind == type::binary ? 8 : 1);
  auto available = source->bytes.size() * 8 - source->unused_bits;
  if (!layout.size && available % unit != 0)
    return "the value of the segment has " + std::to_string(available) + " bits, which is not a multiple of its unit";
  auto bits = layout.size ? checked_bits(*layout.size, unit, max_bits) : available;
  if (!bits || *bits > max_bits)
    return too_large();
  if (*bits > available)
    return "the value of the segment is shorter than its size";
  out.append_bits(*source, *bits);
  return std::nullopt;
}

failure append_character(bit_builder& out, const term& value, const segment_layout& layout, std::size_t max_bits) {
  auto* code = value.get_if<std::int64_t>();
  auto encoded = std::string{};
  if (!code || !base::append_utf8(encoded, static_cast<std::uint64_t>(*code)))
    return "expected a Unicode character as the value of a segment of that type";
  if (layout.size || layout.unit)
    return "a segment of that type has neither size nor unit";
  if (max_bits < 32)
    return too_large();
  auto little = layout.little_endian.value_or(false);
  if (layout.kind == type::utf8) {
    out.append_bytes(encoded);
  } else if (layout.kind == type::utf32) {
    out.append_integer(*code, 32, little);
  } else if (*code < 0x10000) {
    out.append_integer(*code, 16, little);
  } else {
    out.append_integer(0xD800 + ((*code - 0x10000) >> 10), 16, little);
    out.append_integer(0xDC00 + ((*code - 0x10000) & 0x3FF), 16, little);
  }
  return std::nullopt;
}

} // namespace

std::optional<std::string> set_segment_type(segment_layout& layout, std::string_view name) {
  if (name == "signed" || name == "unsigned")
    return std::nullopt;
  if (name == "big" || name == "little" || name == "native") {
    auto little = name == "little" || (name == "native" && std::endian::native == std::endian::little);
    if (layout.little_endian.value_or(little) != little)
      return "the segment has two byte orders";
    layout.little_endian = little;
    return std::nullopt;
  }
  for (const auto& [key, kind] : types)
    if (key == name) {
      if (layout.kind.value_or(kind) != kind)
        return "the segment has two types";
      layout.kind = kind;
      return std::nullopt;
    }
  return "expected the type of a segment, found '" + std::string{name} + "'";
}

std::optional<std::string> append_segment(bit_builder& out, const term& value, const segment_layout& layout,
                                          std::size_t max_bits) {
  switch (layout.kind.value_or(type::integer)) {
  case type::integer:
    return append_integer(out, value, layout, max_bits);
  case type::real:
    return append_real(out, value, layout, max_bits);
  case type::binary:
  case type::bits:
    return append_bits(out, value, layout, max_bits);
  case type::utf8:
  case type::utf16:
  case type::utf32:
    return append_character(out, value, layout, max_bits);
  }
  return "the segment has an unknown type"; // not reached
}

} // namespace peer::internal::text
