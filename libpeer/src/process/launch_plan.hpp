// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

/// @file
/// How `launcher` starts processes: a plan, and the clone and exec that carry it out. Depends on the C library only.

/// For functions that run in the child before exec. The child shares the parent's memory, a sanitizer does not know its
/// thread and stack, and a signal handler or a cancellation would affect the parent. Such a function makes plain system
/// calls (`syscall`), allocates nothing and takes no lock.
#define LIBPEER_BEFORE_EXEC __attribute__((no_sanitize("address", "thread", "undefined")))

namespace peer::internal::process {

/// The order of the steps in the child, whatever the order in the plan. Before them the child sets its signal
/// dispositions; after them it sets its signal mask and executes the program.
enum class stage : std::uint8_t {
  session,
  cgroup,
  user,        ///< user and group in a user namespace
  attributes,  ///< of the process, in the order of the plan
  descriptors, ///< gives them their numbers and closes all others
  directory,
  cpus,
  limits, ///< last: earlier steps may need more descriptors than the program may have
};

struct launch_plan;

/// A step of the child before it executes the program.
struct launch_step {
  stage when;
  const char* name; ///< for `launch_plan::failed_step`
  void* object;     ///< passed to `run`

  /// Returns 0 or an errno value. Runs in the child (see `LIBPEER_BEFORE_EXEC`).
  int (*run)(void* object, launch_plan& plan);
};

/// A descriptor of the child's: `source` in the parent becomes `number`. Sources may have any numbers, each other's
/// targets included.
struct bound_descriptor {
  int number;
  int source;
};

/// What to start, and the result.
struct launch_plan {
  // Names of the steps that are not an initializer's.
  static constexpr auto process_step = "process";         ///< clone(2)
  static constexpr auto descriptors_step = "descriptors"; ///< a descriptor is not open, or there are too many
  static constexpr auto directory_step = "directory";
  static constexpr auto exec_step = "exec";
  static constexpr auto watch_step = "watch"; ///< the pidfd cannot be watched

  std::vector<std::string> files; ///< tried in this order by the rules of execvp(3); the first is the program's name
  const char* const* arguments = nullptr; ///< null-terminated, the first one is the program's name
  const char* const* variables = nullptr; ///< null-terminated

  std::vector<launch_step> steps;
  std::vector<bound_descriptor> bindings;
  std::vector<int> kept; ///< numbers of the child's descriptors; all others are closed

  /// Whether no signal is blocked or ignored. Otherwise the caller's mask and ignored signals stay (execve(2)).
  bool default_signals = false;

  int image =
      -1; ///< a number of the child's with a program that is executed instead of `files` (execveat(2)); -1 for none

  /// Whether the process becomes no child of this program but one of the system's reaper of orphans. Then it has
  /// neither an id here nor a pidfd.
  bool orphan = false;

  int namespaces = 0;              ///< flags of clone(2), such as `CLONE_NEWPID`
  int namespaces_if_forbidden = 0; ///< replaces `namespaces` after EPERM; 0 for none
  bool has_close_range = true;     ///< false to do without `close_range`, as under a seccomp filter

  pid_t process = -1;
  int pidfd = -1;            ///< of `process`; the caller closes it
  pid_t failed_process = -1; ///< the process in which a step failed, which has been reaped

  const char* failed_step = ""; ///< "" if nothing failed
  int failed_code = 0;          ///< errno of `failed_step`

  /// Records a failure. Returns whether there is none.
  LIBPEER_BEFORE_EXEC bool note(const char* step, int code) {
    if (code == 0)
      return true;
    failed_step = step;
    failed_code = code;
    return false;
  }
};

/// Starts a process that carries out the plan, and blocks until it executes its program or has failed. Returns whether
/// it was started. A failure leaves no process and no pidfd behind. Any thread may call this.
bool launch(launch_plan& plan);

/// Kills and reaps the process of a plan, and closes its pidfd.
void abandon(launch_plan& plan);

/// A second descriptor for the process, or -1 with errno.
int duplicate_pidfd(const launch_plan& plan);

/// The files that execvp(3) tries for `program`: itself if it has a slash, otherwise one in each directory of `path`,
/// the variable PATH; null if there is none.
std::vector<std::string> execvp_files(std::string_view program, const char* path);

/// Overwrites a file. For use in the child.
bool write_before_exec(const char* path, const char* text);

} // namespace peer::internal::process
