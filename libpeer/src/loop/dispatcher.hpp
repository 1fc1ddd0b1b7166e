// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <chrono>
#include <optional>

namespace peer::internal::loop {

class reactor;
class tenant_host;

/// Runs what is ready in a reactor and among its tenants. Called by the driver of the reactor.
class dispatcher {
public:
  dispatcher(reactor& io, tenant_host& tenants) : io_(io), tenants_(tenants) {}

  /// Runs actors and handlers that are ready, perhaps not all. Returns whether there were any.
  bool run_ready();

  /// Whether the reactor was ended and nothing is left to run.
  bool over() const;

  /// Whether neither an actor nor a posted handler waits. Descriptors may be ready.
  bool idle() const noexcept;

  /// Sleeps in the reactor while there is nothing to run, at most for `limit`.
  void sleep(std::optional<std::chrono::milliseconds> limit);

private:
  reactor& io_;
  tenant_host& tenants_;
};

/// Yields the processor once a thread has polled in vain since `idle_since`: the work that it polls for may need the
/// processor. Does nothing in the first 10 µs, when a system call costs more than to poll again.
void yield_after(std::chrono::steady_clock::time_point idle_since, std::chrono::steady_clock::time_point now);

} // namespace peer::internal::loop
