// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

namespace peer {

/// How much a process may use; without a value as much as this program. A process cannot raise its limits again.
///
/// The first three hold for the process and for each of its descendants by itself (setrlimit(2)). The other two hold
/// for all of them together and need a cgroup (cgroups(7)) whose controllers can be had: else they are off.
struct resource_limits {
  /// Bytes of address space. Much of what a program reserves it never uses: one with threads takes gigabytes. What is
  /// more cannot be allocated.
  std::optional<std::uint64_t> address_space = std::nullopt;

  /// Time on a CPU, of all threads. At its end comes SIGXCPU, and SIGKILL a second of such time later.
  std::optional<std::chrono::seconds> cpu_time = std::nullopt;

  /// The numbers of descriptors are less than this, so no more than that can be open.
  std::optional<std::uint64_t> open_files = std::nullopt;

  /// Bytes of memory (memory.max), rounded down to pages. Who needs more is killed.
  std::optional<std::uint64_t> memory = std::nullopt;

  /// Processes and threads (pids.max). What is more cannot be started.
  std::optional<std::uint64_t> processes = std::nullopt;
};

} // namespace peer
