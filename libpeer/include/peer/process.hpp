// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/enum_names.hpp"

#include "caf/fwd.hpp"
#include "caf/timespan.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// @file
/// Operating-system processes: how they end, what they use, what they may use and what they leave behind.

namespace peer {

// -- the end of a process ---------------------------------------------------------------------------------------------

/// How a process ended and what it used, as reported by `waitid` (POSIX, "waitid"; the usage is Linux's addition).
struct exit_status {
  enum class kind : std::uint8_t {
    /// The process was reaped by other code of this program (which ignores SIGCHLD, or waits for any child).
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

/// The number that a shell and OTP use: the exit code, or 128 + signal; -1 if unknown.
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

// -- options of a process ---------------------------------------------------------------------------------------------

/// Limits of what a process may use. A limit without a value is that of this program. A process cannot raise its
/// limits.
///
/// The first three hold for the process and for each of its descendants separately (setrlimit(2)). The other two hold
/// for all of them together. They need a cgroup (cgroups(7)) that has the controllers `memory` and `pids`, and are off
/// without one.
struct resource_limits {
  /// Bytes of address space, at least 1. Allocations beyond it fail. Programs reserve more than they use: one with
  /// threads reserves gigabytes.
  std::optional<std::uint64_t> address_space = std::nullopt;

  /// CPU time of all threads, at least 1 s. The process gets SIGXCPU then, and SIGKILL after another second of CPU
  /// time.
  std::optional<std::chrono::seconds> cpu_time = std::nullopt;

  /// Numbers of descriptors are less than this, so at most that many can be open. At least 1.
  std::optional<std::uint64_t> open_files = std::nullopt;

  /// Bytes of memory (memory.max), at least 1, rounded down to pages. The kernel kills a process that needs more.
  std::optional<std::uint64_t> memory = std::nullopt;

  /// Number of processes and threads (pids.max), at least 1. No more than that can be started.
  std::optional<std::uint64_t> processes = std::nullopt;
};

/// What happens to descendants that have left the process's group and outlive it.
enum class survivor_policy : std::uint8_t {
  report, ///< They go on running and are reported.
  kill,   ///< They are killed. Only those that the kernel does not end are reported.
};

template <>
inline constexpr auto detail::enum_names<survivor_policy> = std::array<std::string_view, 2>{"report", "kill"};

/// What the operating system gives a process that is started on this host, other than program, arguments, environment
/// and descriptors. OTP's `peer` has none of these options. Where the program is `ssh`, they apply to `ssh`.
struct process_options {
  /// Directory in which the program runs; empty for this program's working directory.
  std::string working_directory = {};

  /// What happens, when the process ends, to descendants that have left its process group. Known are those that were
  /// found just before a signal or a request ended the process, at most `defaults::max_descendants`: a process that
  /// forks without end can escape. `cgroup` and `pid_namespace` let nothing escape.
  ///
  /// With `kill` the process becomes the parent of descendants whose own parent ends (PR_SET_CHILD_SUBREAPER, prctl(2))
  /// and has to reap them. In a program that does not, such as a `peer::node`, they are zombies until it ends.
  survivor_policy survivors = survivor_policy::report;

  /// Directory of the cgroup v2 hierarchy in which this program may make cgroups (delegated to it, see cgroups(7)). The
  /// process runs in a new cgroup below it. Everything in that is killed when the process ends. Empty for none.
  std::string cgroup = {};

  /// Whether the process is process 1 of a new pid namespace (pid_namespaces(7)): the kernel ends all of its
  /// descendants when it ends. Needs CAP_SYS_ADMIN or a system that lets users make namespaces; in the latter case
  /// there is a user namespace, too, in which the process keeps its user and group.
  ///
  /// The kernel treats such a process as an `init`. Signals that it does not handle, except for SIGKILL and SIGSTOP,
  /// have no effect, and it inherits orphans. A `peer::node` and `erl` handle SIGTERM.
  ///
  /// The process sees the /proc of this program's namespace, in which process ids differ from its own. Unless it mounts
  /// a /proc of its own, it cannot find descendants of its own peers, nor the owner of a connection without a token.
  bool pid_namespace = false;

  /// Limits of what the process may use. A process starts without limits of `memory` and `processes` if they cannot be
  /// had; a peer's state names them (`peer_status::limits_off`).
  resource_limits limits = {};

  /// Numbers of the CPUs that the process may run on, each usable for this program and named once; empty for all of
  /// these.
  std::vector<int> cpu_affinity = {};
};

/// Raises this program's soft limit of descriptors (RLIMIT_NOFILE) to its hard one. Processes that are started after
/// that get the soft limit from before, unless the limit `open_files` is given. Call it once, at the start of a
/// program.
void raise_descriptor_limit() noexcept;

/// Checks everything that can be checked before the process is started. The error (`errc::invalid_option`) names the
/// option and its value. Any thread may call this.
caf::error validate(const process_options& options);

// -- processes that run -----------------------------------------------------------------------------------------------

/// A descendant of a process that outlived it.
struct survivor {
  std::int64_t id = 0; ///< its process id
  std::string command; ///< its command line, arguments separated by blanks, control characters as `\xHH`

  friend bool operator==(const survivor&, const survivor&) = default;
};

template <class Inspector>
bool inspect(Inspector& f, survivor& x) {
  return f.object(x).pretty_name("survivor").fields(f.field("id", x.id), f.field("command", x.command));
}

/// What a running process has used: all of its threads together, without its children.
struct process_usage {
  caf::timespan user_time{0};
  caf::timespan system_time{0};
  std::int64_t rss = 0; ///< KiB of resident memory now
  caf::timespan age{0}; ///< since it was started
};

/// Reads what a child of this program has used so far, such as a peer that `child_info::process_id` or
/// `peer_status::process_id` names. The source is /proc (proc(5)): times are multiples of 1/sysconf(_SC_CLK_TCK)
/// seconds, mostly 10 ms. Any thread may call this.
/// @returns nothing if this program has no such child, if /proc belongs to another pid namespace, or if descriptors or
///          memory are short
[[nodiscard]] std::optional<process_usage> usage_of(std::int64_t process_id);

} // namespace peer
