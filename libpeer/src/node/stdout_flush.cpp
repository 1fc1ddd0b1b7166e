// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/stdout_flush.hpp"

#include "peer/detail/defaults.hpp"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <thread>

#include <poll.h>
#include <stdio_ext.h>

namespace peer::internal::node {

namespace {

using clock = std::chrono::steady_clock;

/// How long to wait for another thread that prints before looking again.
constexpr auto pause = std::chrono::microseconds{50};

enum class progress { done, printing, full };

bool is_writable(std::chrono::milliseconds limit) {
  auto out = pollfd{fileno(stdout), POLLOUT, 0};
  return poll(&out, 1, static_cast<int>(limit.count())) != 0; // an error is seen by the write
}

/// Does not block: a buffer is not larger than what a pipe takes at once, unless the program has set another one.
progress try_flush() {
  if (ftrylockfile(stdout) != 0)
    return progress::printing;
  auto result = progress::done;
  if (__fpending(stdout) > 0) {
    if (is_writable({}))
      fflush_unlocked(stdout);
    else
      result = progress::full;
  }
  funlockfile(stdout);
  return result;
}

} // namespace

void flush_stdout() noexcept {
  static std::atomic<bool> held_up = false; // the last wait was in vain: the next ones would be, too
  auto how = try_flush();
  if (how == progress::done)
    held_up = false;
  if (how == progress::done || held_up)
    return;
  for (auto deadline = clock::now() + defaults::print_patience; how != progress::done; how = try_flush()) {
    auto rest = std::chrono::floor<std::chrono::milliseconds>(deadline - clock::now());
    held_up = rest.count() <= 0;
    if (held_up)
      return;
    if (how == progress::full)
      is_writable(rest);
    else
      std::this_thread::sleep_for(pause);
  }
}

} // namespace peer::internal::node
