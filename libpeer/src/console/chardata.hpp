// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace peer::internal::console {

/// The encoding of the integers and binaries in character data (`latin1` and `unicode` of OTP's module "unicode").
enum class encoding : std::uint8_t { latin1, unicode };

/// Flattens `unicode:chardata()`, nested lists of characters and binaries, to UTF-8. With `latin1` the bytes of
/// binaries are characters. Nothing if `data` is not character data.
std::optional<std::string> flatten_chardata(const term& data, encoding from);

/// The size in bytes of the first `count` characters of `text`; nothing if it has fewer.
std::optional<std::size_t> find_characters(std::string_view text, std::size_t count);

/// The characters of `text` as bytes of Latin-1; nothing if one of them is above 255.
std::optional<std::string> to_latin1(std::string_view text);

} // namespace peer::internal::console
