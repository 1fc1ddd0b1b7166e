// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/dispatcher.hpp"

#include "loop/reactor.hpp"
#include "loop/tenant_host.hpp"

#include <thread>

namespace peer::internal::loop {

namespace {

/// How long a thread that polls does not yield its processor.
constexpr auto yield_delay = std::chrono::microseconds{10};

} // namespace

bool dispatcher::run_ready() {
  auto resumed = tenants_.run_ready();
  if (resumed)
    io_.restart_if_stopped();
  auto handled = io_.poll();
  return handled || resumed;
}

bool dispatcher::over() const {
  return io_.stopped() && !tenants_.ready();
}

bool dispatcher::idle() const noexcept {
  return !tenants_.ready() && !io_.posted();
}

void dispatcher::sleep(std::optional<std::chrono::milliseconds> limit) {
  io_.sleep(limit, [this] { return idle(); });
}

void yield_after(std::chrono::steady_clock::time_point idle_since, std::chrono::steady_clock::time_point now) {
  if (now - idle_since > yield_delay)
    std::this_thread::yield();
}

} // namespace peer::internal::loop
