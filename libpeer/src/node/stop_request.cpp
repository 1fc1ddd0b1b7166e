// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/stop_request.hpp"

#include <atomic>
#include <cerrno>

#include <unistd.h>

namespace peer::internal::node {

namespace {

/// The request that the next SIGTERM makes. Null after the first one.
std::atomic<stop_request*> next_request = nullptr;

/// Signals without a handler do not end process 1 of a namespace.
[[noreturn]] void die_of_sigterm() {
  auto standard = [] {
    struct sigaction result {};
    result.sa_handler = SIG_DFL;
    return result;
  }();
  sigset_t term;
  sigemptyset(&term);
  sigaddset(&term, SIGTERM);
  sigaction(SIGTERM, &standard, nullptr);
  raise(SIGTERM);
  pthread_sigmask(SIG_UNBLOCK, &term, nullptr);
  _exit(128 + SIGTERM);
}

void on_sigterm(int) {
  auto error = errno;
  auto request = next_request.exchange(nullptr);
  if (request == nullptr)
    die_of_sigterm();
  request->make();
  errno = error;
}

} // namespace

// -- stop_request -----------------------------------------------------------------------------------------------------

stop_request::stop_request() {
  sem_init(&made_, 0, 0);
}

stop_request::~stop_request() {
  sem_destroy(&made_);
}

void stop_request::make() noexcept {
  sem_post(&made_);
}

void stop_request::wait() noexcept {
  while (sem_wait(&made_) != 0 && errno == EINTR)
    ;
}

// -- sigterm_guard ----------------------------------------------------------------------------------------------------

sigterm_guard::sigterm_guard(stop_request& request) {
  sigaction(SIGTERM, nullptr, &before_);
  if ((before_.sa_flags & SA_SIGINFO) != 0 || before_.sa_handler != SIG_DFL)
    return;
  next_request = &request;
  struct sigaction ours {};
  ours.sa_handler = on_sigterm;
  ours.sa_flags = SA_RESTART;
  sigaction(SIGTERM, &ours, nullptr);
}

sigterm_guard::~sigterm_guard() {
  struct sigaction now {};
  sigaction(SIGTERM, nullptr, &now);
  if ((now.sa_flags & SA_SIGINFO) == 0 && now.sa_handler == on_sigterm) // otherwise it was replaced
    sigaction(SIGTERM, &before_, nullptr);
  next_request = nullptr;
}

} // namespace peer::internal::node
