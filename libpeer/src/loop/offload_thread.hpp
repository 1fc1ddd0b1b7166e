// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <mutex>
#include <thread>

namespace peer::internal::loop {

/// A thread for work that may block, started when there is some: one task after the other, in their order.
class offload_thread {
public:
  /// Throws `std::system_error` if the system has no descriptor left.
  offload_thread();

  offload_thread(const offload_thread&) = delete;
  offload_thread& operator=(const offload_thread&) = delete;

  ~offload_thread();

  /// Runs `task` later; drops it after `stop`.
  void add(std::function<void()> task);

  /// Waits until all tasks have run.
  void stop();

  /// Becomes readable when `stop` is called.
  int ending_fd() const noexcept { return ending_fd_; }

private:
  void run();

  int ending_fd_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;
  bool ending_ = false;
};

} // namespace peer::internal::loop
