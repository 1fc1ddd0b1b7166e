// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/timespan.hpp"

#include <cstdint>
#include <optional>

#include <sys/types.h>

namespace peer {

/// What a process that lives has used, all of its threads together but not its children.
struct process_usage {
  caf::timespan user_time{0};
  caf::timespan system_time{0};
  std::int64_t rss = 0; ///< KiB of memory that are resident now
  caf::timespan age{0}; ///< since it was started
};

/// Reads the usage of a child of this program from /proc (proc(5)); the times are multiples of 1/sysconf(_SC_CLK_TCK)
/// seconds, 10 ms mostly. Returns nothing if there is no such child, if /proc belongs to another pid namespace, or if
/// descriptors or memory are short.
std::optional<process_usage> usage_of(pid_t child);

} // namespace peer
