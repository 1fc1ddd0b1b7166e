// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

namespace peer_node {

/// The first `limit` characters of a text, or all if there are fewer; nothing if one of them is not valid UTF-8
/// (RFC 3629: no surrogates, no overlong forms, nothing above U+10FFFF).
std::optional<std::u32string> decode_utf8(std::string_view text,
                                          std::size_t limit = std::numeric_limits<std::size_t>::max());

/// Appends a character. Raises badarg if Unicode has no such character.
void append_utf8(std::string& out, std::int64_t code);

} // namespace peer_node
