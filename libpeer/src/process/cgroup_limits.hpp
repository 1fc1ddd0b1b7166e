// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/process.hpp"

#include <string>
#include <vector>

namespace peer::internal::process {

/// Limits memory and number of all processes in a cgroup of version 2 as far as that is possible. Where a limit needs a
/// controller that the directory above could have and does not, it is enabled there, for all cgroups in that directory.
/// The kernel allows that only if no process is in the directory itself (cgroups(7), "no internal processes").
///
/// Returns a sentence for each limit that was asked for and is off: its name and why.
///
/// @param path the cgroup; empty for none, where nothing can be limited
std::vector<std::string> limit_cgroup(const std::string& path, const resource_limits& limits);

} // namespace peer::internal::process
