// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace peer::internal::console {

/// How the integers and binaries of character data are to be read ("unicode" module: latin1, unicode).
enum class encoding : std::uint8_t { latin1, unicode };

/// Flattens `unicode:chardata()`, nested lists of characters and binaries, to UTF-8. With `latin1` the bytes of
/// binaries are characters. Nothing if `data` is no character data.
std::optional<std::string> flatten_chardata(const term& data, encoding from);

/// How many bytes the first `count` characters of `text` take; nothing if it has fewer.
std::optional<std::size_t> find_characters(std::string_view text, std::size_t count);

/// The characters of `text` as bytes of Latin-1; nothing if one has no such byte.
std::optional<std::string> to_latin1(std::string_view text);

} // namespace peer::internal::console
