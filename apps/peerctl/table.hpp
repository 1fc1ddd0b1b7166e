// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "tree_view.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace peerctl {

/// The lines of a table, the head first, each at most `width` columns wide. Times are local, with the day unless it
/// is today's.
/// @param now seconds since 1970
std::vector<std::string> table_lines(const std::vector<child_row>& rows, std::int64_t now, std::size_t width);

} // namespace peerctl
