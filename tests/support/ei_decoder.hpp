// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"
#include "peer/term.hpp"

#include <optional>

namespace peer::test {

/// Decodes a term, version byte included, with OTP's C library libei, as a second opinion on our encoder. Nothing if
/// libei refuses it or does not read all of it.
std::optional<term> decode_with_ei(const_byte_span bytes);

} // namespace peer::test
