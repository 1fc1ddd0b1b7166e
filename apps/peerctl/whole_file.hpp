// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/expected.hpp"

#include <string>

namespace peerctl {

/// Reads a regular file of at most 1 MiB. One that changes meanwhile is read once more, and is then an error.
caf::expected<std::string> read_whole_file(const std::string& path);

} // namespace peerctl
