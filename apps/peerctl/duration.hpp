// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/expected.hpp"
#include "caf/timespan.hpp"

#include <string>
#include <string_view>

/// @file
/// Times on the command line and in files.

namespace peerctl {

/// Reads a time: a number, which may have decimals, and one of the units ns, us, ms, s, min and h. The longest one is
/// 100 years, so that a time added to now is a time. The error has the text and what it should be.
caf::expected<caf::timespan> parse_duration(std::string_view text);

/// The same, or `infinity`.
caf::expected<caf::timespan> parse_limit(std::string_view text);

/// The length of the time that a text begins with, or 0: a number and a unit.
std::size_t length_of_duration(std::string_view text);

} // namespace peerctl
