// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

namespace peer::internal::loop {

/// Threads for work that may block. Tasks of one queue run one after the other, in their order; a task that blocks
/// delays no other queue. One thread does it all as long as tasks return within `patience`, otherwise one more takes
/// over the queues that wait. Threads are started when they are needed and stay until `stop`.
///
/// If the system has no thread left, the tasks wait for those that run, or for the next call.
class offload_threads {
public:
  using task = std::function<void()>;

  /// What a queue has: the tasks of all queues but those of callbacks are waited for by `add_after_all`.
  enum class kind : std::uint8_t { work, callback };

  /// How long tasks of other queues wait for a task that does not return.
  static constexpr auto patience = std::chrono::milliseconds{1};

  /// Throws `std::system_error` if the system has no descriptor left.
  offload_threads();

  offload_threads(const offload_threads&) = delete;
  offload_threads& operator=(const offload_threads&) = delete;

  ~offload_threads();

  /// Runs `what` later; drops it after `stop`. @param queue identifies the queue
  void add(task what, const void* queue, kind of = kind::work);

  /// Runs `what` when all work that was added before has been done; drops it after `stop`. Called by a thread that may
  /// block: if the system has no thread for the work, it does the work itself.
  void add_after_all(task what);

  /// Waits until all tasks have run.
  void stop();

  /// Becomes readable when `stop` is called.
  int ending_fd() const noexcept { return ending_fd_; }

private:
  using clock = std::chrono::steady_clock;
  using lock = std::unique_lock<std::mutex>;

  struct task_queue {
    kind of = kind::work;
    std::deque<task> tasks; ///< the first one is empty while it runs
  };

  void append(task what, const void* queue, kind of);
  void ensure_spare_thread();
  void run();
  void run_next(lock& guard);
  void run_next_here(lock& guard);

  int ending_fd_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::map<const void*, task_queue> queues_; ///< those with tasks
  std::deque<const void*> ready_;            ///< those of them that no thread runs
  std::vector<std::thread> threads_;
  std::size_t spare_ = 0;        ///< threads that run no task
  clock::time_point progress_{}; ///< when a task began or ended
  bool ending_ = false;
};

} // namespace peer::internal::loop
