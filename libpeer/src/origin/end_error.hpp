// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "origin/incarnation.hpp"
#include "origin/lifecycle.hpp"
#include "peer/failure.hpp"
#include "peer/options.hpp"

#include "caf/error.hpp"

#include <string>
#include <vector>

namespace peer::internal::origin {

/// Names a peer in messages: by the name that it has or its program.
std::string describe_peer(const start_options& options);

/// The error that describes the end of a peer, with a `failure` as its context: `errc::boot_failed`,
/// `errc::connection_closed` or `errc::exit_status`. @param of null if the peer could not be started.
caf::error end_error(const start_options& options, const lifecycle& life, const incarnation* of,
                     std::vector<std::string> last_words);

} // namespace peer::internal::origin
