// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <csignal>

#include <semaphore.h>

namespace peer::internal::node {

/// Lets one thread wait until the node is to stop.
class stop_request {
public:
  stop_request();
  stop_request(const stop_request&) = delete;
  stop_request& operator=(const stop_request&) = delete;
  ~stop_request();

  /// May be called by any thread, and by a signal handler.
  void make() noexcept;

  /// Blocks until the request has been made.
  void wait() noexcept;

private:
  sem_t made_;
};

/// Turns SIGTERM into a request to stop during its lifetime, as `erl` does. A second SIGTERM ends the process as the
/// unhandled signal would (status 143 in a shell), also as process 1. A program that ignores SIGTERM or has its own
/// handler keeps that. One per process.
class sigterm_guard {
public:
  /// @param request must outlive this object.
  explicit sigterm_guard(stop_request& request);
  sigterm_guard(const sigterm_guard&) = delete;
  sigterm_guard& operator=(const sigterm_guard&) = delete;
  ~sigterm_guard();

private:
  struct sigaction before_;
};

} // namespace peer::internal::node
