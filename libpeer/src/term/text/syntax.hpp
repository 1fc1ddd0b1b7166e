// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <algorithm>
#include <array>
#include <string_view>

/// @file
/// What printer and parser both know of Erlang's lexical rules (Reference Manual, "Character Set" and "Reserved
/// Words").

namespace peer::internal::text {

inline constexpr auto reserved_words = std::array<std::string_view, 27>{
    "after", "and",  "andalso", "band",   "begin",   "bnot", "bor", "bsl",  "bsr",
    "bxor",  "case", "catch",   "cond",   "div",     "end",  "fun", "if",   "let",
    "not",   "of",   "or",      "orelse", "receive", "rem",  "try", "when", "xor",
};

/// Whether `word` is reserved in every release.
constexpr bool reserved(std::string_view word) noexcept {
  return std::find(reserved_words.begin(), reserved_words.end(), word) != reserved_words.end();
}

/// Whether `word` is reserved only where the feature `maybe_expr` is on: nowhere unless asked for up to OTP 26,
/// everywhere from OTP 27 on. Such an atom is quoted when printed and accepted without quotes.
constexpr bool reserved_by_maybe(std::string_view word) noexcept {
  return word == "maybe" || word == "else";
}

/// Whether an atom that starts with `c` can go without quotes.
constexpr bool lower_case(char32_t c) noexcept {
  return (c >= 'a' && c <= 'z') || (c >= 0xDF && c <= 0xFF && c != 0xF7);
}

/// Whether a variable can start with `c`.
constexpr bool starts_variable(char32_t c) noexcept {
  return (c >= 'A' && c <= 'Z') || (c >= 0xC0 && c <= 0xDE && c != 0xD7) || c == '_';
}

/// Whether `c` can stand in a name after its first character.
constexpr bool name_character(char32_t c) noexcept {
  return lower_case(c) || starts_variable(c) || (c >= '0' && c <= '9') || c == '@';
}

constexpr bool white_space(char32_t c) noexcept {
  return c <= 0x20 || (c >= 0x80 && c <= 0xA0);
}

} // namespace peer::internal::text
