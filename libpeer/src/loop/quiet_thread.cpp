// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/quiet_thread.hpp"

#include <csignal>
#include <functional>
#include <initializer_list>

#include <pthread.h>

namespace peer::internal::loop {

namespace {

/// Blocks all signals in the calling thread for one scope, except those that a thread raises by its own faults: the
/// host's crash handler may run.
class signal_pause {
public:
  signal_pause() {
    sigset_t all;
    sigfillset(&all);
    for (auto fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT})
      sigdelset(&all, fault);
    pthread_sigmask(SIG_SETMASK, &all, &before_);
  }

  signal_pause(const signal_pause&) = delete;
  signal_pause& operator=(const signal_pause&) = delete;

  ~signal_pause() { pthread_sigmask(SIG_SETMASK, &before_, nullptr); }

private:
  sigset_t before_;
};

} // namespace

std::thread start_quiet_thread(std::function<void()> body) {
  auto pause = signal_pause{};
  return std::thread{std::move(body)}; // inherits the mask
}

} // namespace peer::internal::loop
