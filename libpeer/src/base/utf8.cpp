// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/utf8.hpp"

#include <algorithm>
#include <cstring>

namespace peer::internal::base {

namespace {

constexpr std::size_t max_atom_characters = 255;

bool is_scalar_value(std::uint64_t code) noexcept {
  return code < 0xD800 || (code > 0xDFFF && code <= 0x10FFFF);
}

bool is_ascii(std::string_view text) noexcept {
  constexpr std::uint64_t upper_bits = 0x8080'8080'8080'8080;
  for (std::uint64_t word; text.size() >= sizeof(word); text.remove_prefix(sizeof(word))) {
    std::memcpy(&word, text.data(), sizeof(word));
    if ((word & upper_bits) != 0)
      return false;
  }
  return std::none_of(text.begin(), text.end(), [](char x) { return (x & 0x80) != 0; });
}

/// Control characters but for tabs; those that separate lines and paragraphs; and those that change the direction of
/// writing without being seen (Unicode, "UTS #39", "UAX #9").
bool acts_on_terminals(char32_t code) noexcept {
  return (code < 0x20 && code != U'\t') || (code >= 0x7F && code < 0xA0) || code == 0x061C
      || (code >= 0x200E && code <= 0x200F) || (code >= 0x2028 && code <= 0x202E) || (code >= 0x2066 && code <= 0x2069)
      || code == 0xFEFF;
}

/// `\xHH`, or `\x{HHHH}` for what does not fit.
void append_escaped(std::string& out, char32_t code) {
  constexpr auto digits = "0123456789ABCDEF";
  auto wide = code > 0xFF;
  out += wide ? "\\x{" : "\\x";
  for (auto shift = wide ? 12 : 4; shift >= 0; shift -= 4)
    out += digits[(code >> shift) & 15];
  if (wide)
    out += '}';
}

} // namespace

std::optional<char32_t> take_utf8(std::string_view& text) noexcept {
  if (text.empty())
    return std::nullopt;
  auto lead = static_cast<std::uint8_t>(text[0]);
  if (lead < 0x80) {
    text.remove_prefix(1);
    return lead;
  }
  std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || text.size() < size)
    return std::nullopt;
  auto code = static_cast<char32_t>(lead & (0xFF >> (size + 1)));
  for (std::size_t i = 1; i < size; ++i) {
    auto byte = static_cast<std::uint8_t>(text[i]);
    if ((byte & 0xC0) != 0x80)
      return std::nullopt;
    code = (code << 6) | (byte & 0x3F);
  }
  constexpr char32_t least[] = {0x80, 0x800, 0x10000};
  if (code < least[size - 2] || !is_scalar_value(code))
    return std::nullopt;
  text.remove_prefix(size);
  return code;
}

std::optional<std::size_t> count_utf8(std::string_view text) noexcept {
  std::size_t result = 0;
  for (; !text.empty(); ++result)
    if (!take_utf8(text))
      return std::nullopt;
  return result;
}

bool append_utf8(std::string& out, std::uint64_t code) {
  if (!is_scalar_value(code))
    return false;
  auto put = [&out](std::uint64_t byte) { out += static_cast<char>(static_cast<std::uint8_t>(byte)); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | (code >> 6));
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | (code >> 12));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | (code >> 18));
    put(0x80 | ((code >> 12) & 0x3F));
    put(0x80 | ((code >> 6) & 0x3F));
    put(0x80 | (code & 0x3F));
  }
  return true;
}

void append_latin1(std::string& out, std::string_view latin1) {
  for (auto character : latin1)
    append_utf8(out, static_cast<std::uint8_t>(character));
}

std::string printable(std::string_view text, bool keeps_lines) {
  auto result = std::string{};
  result.reserve(text.size());
  while (!text.empty()) {
    auto before = text;
    auto code = take_utf8(text);
    if (!code) {
      append_escaped(result, static_cast<unsigned char>(text.front()));
      text.remove_prefix(1);
    } else if (acts_on_terminals(*code) && !(keeps_lines && *code == U'\n')) {
      append_escaped(result, *code);
    } else {
      result += before.substr(0, before.size() - text.size());
    }
  }
  return result;
}

bool valid_atom(std::string_view name) noexcept {
  if (name.size() <= max_atom_characters && is_ascii(name))
    return true;
  auto characters = count_utf8(name);
  return characters && *characters <= max_atom_characters;
}

} // namespace peer::internal::base
