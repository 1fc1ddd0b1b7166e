// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "process/guardian_message.hpp"
#include "process/kernel_limits.hpp"
#include "process/launcher.hpp"

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <ctime>
#include <string>
#include <utility>
#include <vector>

#include <sched.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

/// @file
/// The initializers of `launcher` for everything except descriptors, environment and directory. A new option needs one
/// more: a name, a stage and a hook.

namespace peer::internal::process {

/// The result of a system call in a hook.
LIBPEER_BEFORE_EXEC inline error_code succeeded(bool yes) {
  return yes ? error_code{} : error_code{errno, boost::system::system_category()};
}

/// Looks the program up in PATH if its name has no slash, as execvp(3) does: relative to the child's directory, and a
/// file without execute permission does not end the search.
struct search_path {
  static constexpr auto name = "path";

  const char* directories = std::getenv("PATH"); ///< null if there is none

  error_code on_setup(launcher& to, const path& exe, command_line) {
    to.files = execvp_files(exe.native(), directories);
    return {};
  }
};

/// No signal is blocked or ignored. Without it the process inherits the caller's mask and ignored signals.
struct default_signals {
  static constexpr auto name = "signals";

  error_code on_setup(launcher& to, const path&, command_line) {
    to.default_signals = true;
    return {};
  }
};

/// The process leads a session and a process group (setsid(2)).
struct new_session {
  static constexpr auto name = "session";
  static constexpr auto when = stage::session;

  LIBPEER_BEFORE_EXEC error_code on_exec_setup(launcher&, const path&, command_line) {
    return succeeded(syscall(SYS_setsid) >= 0);
  }
};

/// The process announces itself to the guardian before it executes its program: nothing happens between its start and
/// that. A guardian that does not listen has no effect.
struct announce {
  static constexpr auto name = "guardian";
  static constexpr auto when = stage::session; ///< after `new_session`

  int socket;
  guardian_message message; ///< without the time

  LIBPEER_BEFORE_EXEC error_code on_exec_setup(launcher&, const path&, command_line) {
    auto now = timespec{};
    syscall(SYS_clock_gettime, CLOCK_BOOTTIME, &now);
    message.not_after =
        static_cast<std::uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<std::uint64_t>(now.tv_nsec);
    syscall(SYS_sendto, socket, &message, sizeof(message), MSG_NOSIGNAL | MSG_DONTWAIT, nullptr, 0);
    return {};
  }
};

/// The process joins a cgroup before it allocates memory.
struct join_cgroup {
  static constexpr auto name = "cgroup";
  static constexpr auto when = stage::cgroup;

  int members; ///< the cgroup's file `cgroup.procs`, opened for writing

  LIBPEER_BEFORE_EXEC error_code on_exec_setup(launcher&, const path&, command_line) {
    return succeeded(syscall(SYS_write, members, "0", 1) == 1);
  }
};

/// The process is the first of a pid namespace (pid_namespaces(7)). If this program may not create one alone, it also
/// gets a user namespace, in which it keeps its user and group.
class pid_namespace {
public:
  static constexpr auto name = "pid namespace";
  static constexpr auto when = stage::user;

  pid_namespace() : user_map_(identity(geteuid())), group_map_(identity(getegid())) {}

  error_code on_setup(launcher& to, const path&, command_line) {
    to.namespaces = CLONE_NEWPID;
    to.namespaces_if_forbidden = CLONE_NEWPID | CLONE_NEWUSER;
    return {};
  }

  LIBPEER_BEFORE_EXEC error_code on_exec_setup(launcher& from, const path&, command_line) {
    return succeeded((from.namespaces & CLONE_NEWUSER) == 0
                     || (write_before_exec("/proc/self/setgroups", "deny")
                         && write_before_exec("/proc/self/uid_map", user_map_.c_str())
                         && write_before_exec("/proc/self/gid_map", group_map_.c_str())));
  }

private:
  static std::string identity(unsigned id) {
    auto text = std::to_string(id);
    return text + " " + text + " 1";
  }

  std::string user_map_;
  std::string group_map_;
};

/// Descendants whose parent ends become children of the process (PR_SET_CHILD_SUBREAPER, prctl(2)).
struct reap_orphans {
  static constexpr auto name = "subreaper";

  LIBPEER_BEFORE_EXEC error_code on_exec_setup(launcher&, const path&, command_line) {
    return succeeded(syscall(SYS_prctl, PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
  }
};

/// The CPUs that the process may run on (sched_setaffinity(2)).
struct run_on {
  static constexpr auto name = "cpus";
  static constexpr auto when = stage::cpus;

  cpu_mask cpus;

  LIBPEER_BEFORE_EXEC error_code on_exec_setup(launcher&, const path&, command_line) {
    return succeeded(syscall(SYS_sched_setaffinity, 0, cpus.size() * sizeof(cpus[0]), cpus.data()) == 0);
  }
};

/// Limits of the process itself (setrlimit(2)).
struct set_limits {
  static constexpr auto name = "limits";
  static constexpr auto when = stage::limits;

  std::vector<kernel_limit> limits;
  const kernel_limit* failed = nullptr; ///< the one that was refused

  LIBPEER_BEFORE_EXEC error_code on_exec_setup(launcher&, const path&, command_line) {
    for (auto& each : limits)
      if (syscall(SYS_prlimit64, 0, each.resource, &each.value, nullptr) != 0) {
        failed = &each;
        return succeeded(false);
      }
    return {};
  }
};

} // namespace peer::internal::process
