// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/offload_thread.hpp"

#include "loop/quiet_thread.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace peer::internal::loop {

offload_thread::offload_thread() : ending_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (ending_fd_ < 0)
    throw std::system_error{errno, std::generic_category(), "eventfd"};
}

offload_thread::~offload_thread() {
  stop();
  close(ending_fd_);
}

void offload_thread::add(std::function<void()> task) {
  auto guard = std::lock_guard{mutex_};
  if (ending_)
    return;
  tasks_.push_back(std::move(task));
  if (thread_.joinable())
    wakeup_.notify_one();
  else
    thread_ = start_quiet_thread([this] { run(); });
}

void offload_thread::stop() {
  {
    auto guard = std::lock_guard{mutex_};
    ending_ = true;
  }
  eventfd_write(ending_fd_, 1);
  wakeup_.notify_one();
  if (thread_.joinable())
    thread_.join();
}

void offload_thread::run() {
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
