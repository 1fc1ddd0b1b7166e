// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/process.hpp"
#include <optional>

#include <sys/types.h>

namespace peer::internal::process {

/// Reads the usage of a child of this program from /proc (proc(5)); the times are multiples of 1/sysconf(_SC_CLK_TCK)
/// seconds, 10 ms mostly. Returns nothing if there is no such child, if /proc belongs to another pid namespace, or if
/// descriptors or memory are short.
std::optional<process_usage> usage_of(pid_t child);

} // namespace peer::internal::process
