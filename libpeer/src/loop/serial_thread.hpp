// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace peer::internal::loop {

/// A thread that runs one task after the other, in their order. Tasks may block.
class serial_thread {
public:
  serial_thread() = default;

  serial_thread(const serial_thread&) = delete;
  serial_thread& operator=(const serial_thread&) = delete;

  ~serial_thread();

  /// Called once, before `add`. Throws `std::system_error` if the system cannot start a thread.
  void start();

  /// Runs `task` later. Returns false after `stop`.
  bool add(std::function<void()> task);

  /// Waits until all tasks have run.
  void stop();

private:
  void run();

  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;
  bool ending_ = false;
};

} // namespace peer::internal::loop
