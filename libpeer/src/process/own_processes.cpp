// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/own_processes.hpp"

#include <atomic>
#include <set>

#include <sys/wait.h>

namespace peer::internal::process {

namespace {

struct own_registry {
  std::mutex lock;
  std::set<pid_t> processes;
};

std::atomic<bool> watching = false;

/// Never destroyed: threads may use it until the program has ended.
own_registry& own() {
  static auto& result = *new own_registry;
  return result;
}

} // namespace

void own_processes::watch() {
  watching = true;
}

own_processes::scope::scope() {
  if (watching)
    guard_ = std::unique_lock{own().lock};
}

void own_processes::scope::record(pid_t process) {
  if (guard_.owns_lock())
    own().processes.insert(process);
}

void own_processes::scope::forget(pid_t process) {
  if (guard_.owns_lock())
    own().processes.erase(process);
}

bool own_processes::reap_others() {
  auto guard = std::lock_guard{own().lock};
  for (;;) {
    siginfo_t found{};
    if (waitid(P_ALL, 0, &found, WEXITED | WNOHANG | WNOWAIT) != 0 || found.si_pid == 0)
      return false;
    if (own().processes.contains(found.si_pid))
      return true;
    waitid(P_PID, static_cast<id_t>(found.si_pid), &found, WEXITED | WNOHANG);
  }
}

} // namespace peer::internal::process
