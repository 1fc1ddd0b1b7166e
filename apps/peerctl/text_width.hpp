// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>

/// @file
/// Columns of a terminal that text takes: East Asian characters take two, combining ones none.

namespace peerctl {

/// The columns of a text in UTF-8.
std::size_t width_of(std::string_view text);

/// The beginning of a line that fits into `width` columns, with `?` in place of control characters and of bytes that
/// are not UTF-8.
std::string cut(std::string_view line, std::size_t width);

} // namespace peerctl
