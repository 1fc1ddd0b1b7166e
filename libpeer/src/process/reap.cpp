// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/reap.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <string_view>

#include <poll.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

extern "C" {
#include <sys/pidfd.h> // glibc 2.36 forgot that C++ includes it, too
}

namespace peer::internal::process {

namespace {

caf::timespan to_timespan(const timeval& x) {
  return std::chrono::seconds{x.tv_sec} + std::chrono::microseconds{x.tv_usec};
}

// -- PIDFD_GET_INFO, which older headers lack -------------------------------------------------------------------------

/// The kernel's `pidfd_info`, in its first version.
struct pidfd_facts {
  std::uint64_t mask;
  std::uint64_t cgroup;
  std::array<std::uint32_t, 11> ids;
  std::int32_t exit_code; ///< as wait(2) reports it
};

static_assert(sizeof(pidfd_facts) == 64);

constexpr auto exit_bit = std::uint64_t{1} << 3; // PIDFD_INFO_EXIT

/// The status of a process that was reaped elsewhere; nothing if it is still being reaped.
std::optional<exit_status> kept_status(int pidfd) {
  auto facts = pidfd_facts{.mask = exit_bit, .cgroup = 0, .ids = {}, .exit_code = 0};
  if (ioctl(pidfd, _IOWR(0xFF, 11, pidfd_facts), &facts) != 0)
    return exit_status{};
  if ((facts.mask & exit_bit) == 0)
    return std::nullopt;
  auto result = exit_status{};
  result.how = WIFEXITED(facts.exit_code) ? exit_status::kind::exited : exit_status::kind::signaled;
  result.value = WIFEXITED(facts.exit_code) ? WEXITSTATUS(facts.exit_code) : WTERMSIG(facts.exit_code);
  result.core_dumped = WIFSIGNALED(facts.exit_code) && WCOREDUMP(facts.exit_code);
  return result;
}

// -- the report of an unknown status ----------------------------------------------------------------------------------

bool children_are_reaped_by_kernel() {
  struct sigaction now {};
  sigaction(SIGCHLD, nullptr, &now);
  return now.sa_handler == SIG_IGN || (now.sa_flags & SA_NOCLDWAIT) != 0;
}

void report_unknown_status() {
  static std::atomic<bool> reported = false;
  if (reported.exchange(true))
    return;
  auto text =
      std::string_view{children_are_reaped_by_kernel() ? "libpeer: this program ignores SIGCHLD, so the exit statuses "
                                                         "of its peers are unknown; reset SIGCHLD to its "
                                                         "default action (SIG_DFL)\n"
                                                       : "libpeer: other code of this program reaps its peers, so "
                                                         "their exit statuses are unknown; it should wait for "
                                                         "its own children only (waitpid with their ids)\n"};
  auto ready = pollfd{STDERR_FILENO, POLLOUT, 0};
  if (poll(&ready, 1, 0) == 1 && write(STDERR_FILENO, text.data(), text.size()) < 0) {
    // There is no other place to report it.
  }
}

} // namespace

std::optional<exit_status> reap(int pidfd) {
  siginfo_t info{};
  rusage usage{};
  // glibc's waitid has no parameter for the usage; the system call has.
  if (syscall(SYS_waitid, P_PIDFD, pidfd, &info, WEXITED | WNOHANG, &usage) != 0) { // ECHILD
    auto kept = kept_status(pidfd);
    if (kept && kept->how == exit_status::kind::unknown)
      report_unknown_status();
    return kept;
  }
  if (info.si_pid == 0)
    return std::nullopt;
  auto result = exit_status{};
  result.how = info.si_code == CLD_EXITED ? exit_status::kind::exited : exit_status::kind::signaled;
  result.value = info.si_status;
  result.core_dumped = info.si_code == CLD_DUMPED;
  result.user_time = to_timespan(usage.ru_utime);
  result.system_time = to_timespan(usage.ru_stime);
  result.max_rss = usage.ru_maxrss;
  return result;
}

} // namespace peer::internal::process
