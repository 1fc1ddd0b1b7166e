// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/program.hpp"

#include "loop/quiet_thread.hpp"
#include "process/own_processes.hpp"

#include <algorithm>
#include <array>
#include <csignal>
#include <ctime>
#include <system_error>

#include <sys/prctl.h>
#include <unistd.h>

namespace peer {

namespace {

using internal::process::own_processes;

/// Signals that other programs ignore on purpose for those that they start.
constexpr auto left_alone = std::array{SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};

bool adopts_orphans() {
  auto subreaper = 0;
  return getpid() == 1 || (prctl(PR_GET_CHILD_SUBREAPER, &subreaper) == 0 && subreaper != 0);
}

/// Never returns. A process that libpeer has started hides those that ended after it until the loop has reaped it.
void reap_for_ever(const sigset_t& ends) {
  constexpr auto moment = timespec{0, 20'000'000};
  for (;;)
    if (own_processes::reap_others())
      sigtimedwait(&ends, nullptr, &moment);
    else
      sigwaitinfo(&ends, nullptr);
}

} // namespace

void reset_signals() {
  for (auto number = 1; number < NSIG; ++number)
    if (std::find(left_alone.begin(), left_alone.end(), number) == left_alone.end())
      std::signal(number, SIG_DFL); // fails for those that cannot be changed
  sigset_t none;
  sigemptyset(&none);
  pthread_sigmask(SIG_SETMASK, &none, nullptr);
}

void reap_orphans() {
  if (!adopts_orphans())
    return;
  own_processes::watch();
  sigset_t ends;
  sigemptyset(&ends);
  sigaddset(&ends, SIGCHLD);
  pthread_sigmask(SIG_BLOCK, &ends, nullptr);
  try {
    internal::loop::start_quiet_thread([ends] { reap_for_ever(ends); }).detach();
  } catch (const std::system_error&) {
    // Without a thread orphans stay zombies.
  }
}

} // namespace peer
