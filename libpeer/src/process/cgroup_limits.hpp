// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/process.hpp"

#include <string>
#include <vector>

namespace peer::internal::process {

/// Limits memory and number of all processes in a cgroup of version 2 as far as possible. If a limit needs a controller
/// that is available in the parent directory but not enabled, it is enabled there, for all cgroups in that directory.
/// The kernel allows that only if the directory itself has no processes (cgroups(7), "no internal processes").
///
/// Returns a sentence for each requested limit that is off: its name and the reason.
///
/// @param path the cgroup; empty for none, then all limits are off
std::vector<std::string> limit_cgroup(const std::string& path, const resource_limits& limits);

} // namespace peer::internal::process
