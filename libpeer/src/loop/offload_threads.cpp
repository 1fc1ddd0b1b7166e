// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/offload_threads.hpp"

#include "loop/quiet_thread.hpp"

#include <cerrno>
#include <memory>
#include <system_error>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace peer::internal::loop {

offload_threads::offload_threads() : ending_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  if (ending_fd_ < 0)
    throw std::system_error{errno, std::generic_category(), "eventfd"};
}

offload_threads::~offload_threads() {
  stop();
  close(ending_fd_);
}

void offload_threads::add(task what, const void* queue, kind of) {
  auto guard = lock{mutex_};
  if (!ending_)
    append(std::move(what), queue, of);
}

void offload_threads::add_after_all(task what) {
  auto guard = lock{mutex_};
  if (ending_)
    return;
  auto last = std::shared_ptr<void>{nullptr, [what = std::move(what)](void*) { what(); }};
  auto marker = [last = std::move(last)]() mutable { last.reset(); };
  for (auto& [queue, x] : queues_)
    if (x.of == kind::work && queue != this)
      x.tasks.emplace_back(marker);
  append(std::move(marker), this, kind::work); // all other queues may be empty
  while (threads_.empty() && !ready_.empty())
    run_next_here(guard);
}

void offload_threads::append(task what, const void* queue, kind of) {
  auto& [kind_of_queue, tasks] = queues_[queue];
  kind_of_queue = of;
  tasks.push_back(std::move(what));
  if (tasks.size() > 1)
    return; // it waits for a thread, or for the task before
  ready_.push_back(queue);
  ensure_spare_thread();
  wakeup_.notify_one();
}

void offload_threads::ensure_spare_thread() {
  if (ready_.empty() || spare_ > 0)
    return;
  try {
    threads_.reserve(threads_.size() + 1);
    threads_.push_back(start_quiet_thread([this] { run(); }));
    ++spare_;
  } catch (const std::exception&) { // tried again by the next call
  }
}

void offload_threads::stop() {
  {
    auto guard = lock{mutex_};
    ending_ = true;
  }
  eventfd_write(ending_fd_, 1);
  wakeup_.notify_all();
  for (auto& each : threads_) // no other is started any more
    each.join();
  threads_.clear();
  auto guard = lock{mutex_};
  while (!ready_.empty()) // there was no thread
    run_next_here(guard);
}

/// The calling thread counts as one of the threads for a moment.
void offload_threads::run_next_here(lock& guard) {
  ++spare_;
  run_next(guard);
  --spare_;
}

void offload_threads::run() {
  auto guard = lock{mutex_};
  for (;;) {
    wakeup_.wait(guard, [this] { return ending_ || !ready_.empty(); });
    auto others_run = threads_.size() > spare_;
    if (!ready_.empty() && others_run && !ending_ && clock::now() < progress_ + patience) {
      wakeup_.wait_until(guard, progress_ + patience);
      continue;
    }
    while (!ready_.empty())
      run_next(guard);
    if (ending_)
      return;
  }
}

void offload_threads::run_next(lock& guard) {
  auto queue = ready_.front();
  ready_.pop_front();
  auto& tasks = queues_[queue].tasks;
  auto next = std::exchange(tasks.front(), nullptr);
  progress_ = clock::now();
  --spare_;
  if (!ending_)
    ensure_spare_thread();
  guard.unlock();
  next();
  next = nullptr; // what it holds may be slow to destroy
  guard.lock();
  progress_ = clock::now();
  ++spare_;
  tasks.pop_front();
  if (tasks.empty())
    queues_.erase(queue);
  else
    ready_.push_back(queue);
}

} // namespace peer::internal::loop
