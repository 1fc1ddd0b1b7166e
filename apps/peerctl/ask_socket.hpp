// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "control_request.hpp"

#include "caf/expected.hpp"

#include <string>

namespace peerctl {

/// Sends a request to a tree and waits for the answer. Fails if no process listens, or one of another user; if that
/// process is stopped; and with `errc::timeout` if a request that is short by its nature is not answered in time.
caf::expected<control_answer> ask_socket(const std::string& path, const control_request& what);

} // namespace peerctl
