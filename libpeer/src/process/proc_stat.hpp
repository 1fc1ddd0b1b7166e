// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include <sys/types.h>

namespace peer::internal::process {

/// Facts from `/proc/PID/stat` (proc(5)).
struct process_facts {
  std::string name; ///< the kernel's short one
  char state = '?';
  pid_t parent = 0;
  pid_t group = 0;
  pid_t session = 0;

  /// Whether the process has ended and not been reaped.
  bool ended() const noexcept { return state == 'Z' || state == 'X'; }
};

/// Whether the numbers in /proc are process ids in this program's pid namespace. They are not if the process was
/// started in a new namespace without its own /proc mount (pid_namespaces(7)).
bool has_own_proc();

/// Returns `nullopt` if there is no such process, if not `has_own_proc`, or if descriptors or memory are short
/// (`is_shortage` of errno).
std::optional<process_facts> facts_of(pid_t process);

/// The bytes that a process has written to files, pipes and sockets so far (`/proc/PID/io`); 0 if that is unknown.
std::uint64_t bytes_written(pid_t process);

/// The first `limit` bytes of a file of /proc; empty, with errno, if it cannot be read.
std::string read_proc_file(const std::string& path, std::size_t limit);

/// Calls `f` for each entry of a directory of /proc whose name is a number, until `f` returns false; not at all if the
/// directory cannot be read or if not `has_own_proc`. Returns false if `f` did, or if descriptors or memory are short.
bool for_each_number(const std::string& directory, const std::function<bool(pid_t)>& f);

} // namespace peer::internal::process
