// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"

#include <string>
#include <string_view>

namespace peer::test {

/// The bytes that `text` spells as pairs of hexadecimal digits. Blanks between the pairs do not count; anything else
/// ends the program, since the text is part of a test.
byte_buffer from_hex(std::string_view text);

/// Spells `bytes` as pairs of upper-case hexadecimal digits.
std::string to_hex(const_byte_span bytes);

} // namespace peer::test
