// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/quiet_thread.hpp"

#include <csignal>
#include <functional>
#include <initializer_list>

#include <pthread.h>

namespace peer::internal::loop {

std::thread start_quiet_thread(std::function<void()> body) {
  sigset_t all, before;
  sigfillset(&all);
  for (auto fault : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGABRT}) // the host's crash handler may run
    sigdelset(&all, fault);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  auto result = std::thread{std::move(body)}; // inherits the mask
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return result;
}

} // namespace peer::internal::loop
