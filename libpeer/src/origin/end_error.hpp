// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "origin/incarnation.hpp"
#include "origin/lifecycle.hpp"
#include "peer/failure.hpp"
#include "peer/options.hpp"
#include "peer/process.hpp"

#include "caf/error.hpp"

#include <string>
#include <vector>

/// @file
/// The errors that tell of a peer's end, with a `failure` as their context.

namespace peer::internal::origin {

/// The error of a peer that was not started (`errc::boot_failed`). @param first whether that failed, or somebody
/// stopped the peer before.
caf::error not_started_error(const start_options& options, evidence first, const caf::error& why);

/// The error of a peer that was started and has ended: `errc::boot_failed`, `errc::connection_closed` or
/// `errc::exit_status`.
caf::error end_error(const start_options& options, const lifecycle& life, const incarnation& of,
                     std::vector<std::string> last_words, std::vector<survivor> survivors);

} // namespace peer::internal::origin
