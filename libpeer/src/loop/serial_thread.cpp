// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/serial_thread.hpp"

#include "loop/quiet_thread.hpp"

#include <utility>

namespace peer::internal::loop {

serial_thread::~serial_thread() {
  stop();
}

void serial_thread::start() {
  thread_ = start_quiet_thread([this] { run(); });
}

bool serial_thread::add(std::function<void()> task) {
  auto guard = std::lock_guard{mutex_};
  if (ending_)
    return false;
  tasks_.push_back(std::move(task));
  wakeup_.notify_one();
  return true;
}

void serial_thread::stop() {
  {
    auto guard = std::lock_guard{mutex_};
    ending_ = true;
  }
  wakeup_.notify_one();
  if (thread_.joinable())
    thread_.join();
}

void serial_thread::run() {
  auto guard = std::unique_lock{mutex_};
  for (;;) {
    wakeup_.wait(guard, [this] { return ending_ || !tasks_.empty(); });
    if (tasks_.empty())
      return;
    auto task = std::move(tasks_.front());
    tasks_.pop_front();
    guard.unlock();
    task();
    task = nullptr;
    guard.lock();
  }
}

} // namespace peer::internal::loop
