// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/timespan.hpp"
#include "peer/detail/enum_names.hpp"
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

/// @file
/// Operating-system processes: how they end, what they use, what they may use and what they leave behind.

namespace peer {

/// How a process ended and what it used, as `waitid` told (POSIX, "waitid"; Linux gives the usage).
struct exit_status {
  enum class kind : std::uint8_t {
    /// Somebody else reaped the process (a host that ignores SIGCHLD, or waits for any child): nothing can be told.
    unknown,
    exited,   ///< `value` is the exit code.
    signaled, ///< `value` is the signal's number.
  };

  kind how = kind::unknown;
  int value = 0;
  bool core_dumped = false;
  caf::timespan user_time{0};
  caf::timespan system_time{0};
  std::int64_t max_rss = 0; ///< KiB

  friend bool operator==(const exit_status&, const exit_status&) = default;
};

/// The number that a shell and OTP give it: the exit code, or 128 + signal; -1 if it is unknown.
int shell_status(const exit_status& status) noexcept;

/// "exited with status 1", "killed by signal 9 (SIGKILL)", "killed by signal 6 (SIGABRT), core dumped".
std::string to_string(const exit_status& status);

template <class Inspector>
bool inspect(Inspector& f, exit_status& x) {
  auto get_how = [&x] { return static_cast<std::uint8_t>(x.how); };
  auto set_how = [&x](std::uint8_t value) {
    x.how = static_cast<exit_status::kind>(value);
    return value <= static_cast<std::uint8_t>(exit_status::kind::signaled);
  };
  return f.object(x)
      .pretty_name("exit_status")
      .fields(f.field("how", get_how, set_how), f.field("value", x.value), f.field("core_dumped", x.core_dumped),
              f.field("user_time", x.user_time), f.field("system_time", x.system_time), f.field("max_rss", x.max_rss));
}

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

/// What becomes of descendants that have left the process's group and outlive it.
enum class survivor_policy : std::uint8_t {
  report, ///< They live on and are told.
  kill,   ///< They are killed; only what the kernel does not end is told.
};

template <>
inline constexpr auto detail::enum_names<survivor_policy> = std::array<std::string_view, 2>{"report", "kill"};

/// A descendant of a process that outlived it.
struct survivor {
  std::int64_t id = 0; ///< its process id
  std::string command; ///< its command line, the arguments separated by blanks

  friend bool operator==(const survivor&, const survivor&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, survivor& x) {
  return f.object(x).pretty_name("survivor").fields(f.field("id", x.id), f.field("command", x.command));
}

/// What a process that lives has used, all of its threads together but not its children.
struct process_usage {
  caf::timespan user_time{0};
  caf::timespan system_time{0};
  std::int64_t rss = 0; ///< KiB of memory that are resident now
  caf::timespan age{0}; ///< since it was started
};

} // namespace peer
