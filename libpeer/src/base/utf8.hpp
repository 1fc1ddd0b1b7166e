// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// @file
/// UTF-8 as RFC 3629 defines it: no surrogates, no overlong forms, nothing above U+10FFFF.

namespace peer::internal::base {

/// Takes the first character off `text`. Nothing if `text` is empty or does not start with a valid character; then
/// `text` stays as it is.
std::optional<char32_t> take_utf8(std::string_view& text) noexcept;

/// Counts the characters of `text`. `nullopt` if it is not valid UTF-8.
std::optional<std::size_t> count_utf8(std::string_view text) noexcept;

/// Appends the character `code`. False, with `out` as before, if Unicode has no such character.
bool append_utf8(std::string& out, std::uint64_t code);

/// Appends Latin-1 bytes as UTF-8.
void append_latin1(std::string& out, std::string_view latin1);

/// A text that others have made, as it is shown to a person: what moves the cursor, changes a terminal or the direction
/// of writing, and bytes that are not UTF-8, as `\xHH` or `\x{HHHH}`. Tabs stay, and newlines if `keeps_lines` is true.
std::string printable(std::string_view text, bool keeps_lines = false);

/// Whether `name` can be an atom: UTF-8 of at most 255 characters.
bool valid_atom(std::string_view name) noexcept;

} // namespace peer::internal::base
