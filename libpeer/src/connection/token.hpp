// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "connection/handover.hpp"
#include "peer/detail/bytes.hpp"

#include "caf/fwd.hpp"

#include <array>
#include <string>
#include <string_view>

namespace peer::internal::connection {

/// The secret with which a libpeer node proves its identity over TCP. Made for one start and accepted once.
using token_secret = std::array<std::byte, handover::token_size>;

/// Makes a secret from getrandom(2). Fails with `errc::system_failure`.
caf::expected<token_secret> make_token();

/// The line that passes a secret on: lower-case hexadecimal digits and a newline.
std::string to_line(const token_secret& secret);

/// Reads such a line, with or without its newline. Fails with `errc::bad_syntax`; the error does not show the text.
caf::expected<token_secret> parse_token_line(std::string_view line);

/// Compares in a time that does not depend on where the bytes differ.
bool equal_in_constant_time(const token_secret& expected, const_byte_span given) noexcept;

} // namespace peer::internal::connection
