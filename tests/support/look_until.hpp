// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <chrono>
#include <thread>

namespace peer::test {

/// Looks every millisecond at something that nobody tells, until it is true. Returns false if it does not become true
/// within `limit`, which only a test that fails takes.
template <class Predicate>
bool look_until(Predicate holds, std::chrono::milliseconds limit = std::chrono::seconds{20}) {
  for (auto deadline = std::chrono::steady_clock::now() + limit; !holds();
       std::this_thread::sleep_for(std::chrono::milliseconds{1}))
    if (std::chrono::steady_clock::now() > deadline)
      return false;
  return true;
}

} // namespace peer::test
