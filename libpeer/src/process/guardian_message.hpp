// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstdint>
#include <cstdio>

#include <sys/types.h>

namespace peer::internal::process {

/// What an origin sends to its guardian (process/guardian.hpp), one message in each packet of a socket.
struct guardian_message {
  enum class kind : std::uint8_t {
    started,   ///< a process that leads its session and group
    ended,     ///< nothing is left of a group
    directory, ///< cgroups are made in a directory, whose path follows the message
  };

  kind what;
  pid_t group;             ///< `started`: 0 for the sender, whose id the kernel adds to the packet (SCM_CREDENTIALS)
  std::int64_t patience;   ///< `started`: milliseconds that the process may take to end after the origin; -1: for ever
  std::uint64_t not_after; ///< `started`: the process was started before that time of CLOCK_BOOTTIME, in nanoseconds
};

/// The guardian's end of the socket.
inline constexpr auto guardian_socket = 0;

/// Whether a directory has the name of a peer's cgroup, `libpeer-PID-N`. The file `cgroup.events` of each is locked
/// (flock(2)) as long as its origin lives.
inline bool names_cgroup(const char* name) {
  auto process = 0U;
  auto number = 0U;
  auto length = 0;
  return std::sscanf(name, "libpeer-%u-%u%n", &process, &number, &length) == 2 && name[length] == '\0';
}

} // namespace peer::internal::process
