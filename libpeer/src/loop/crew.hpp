// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/job.hpp"

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <thread>

namespace peer::internal::loop {

/// Threads that share the duty to drive a loop. One of them is the driver; in between it runs jobs, which may block. A
/// job that returns soon costs no change of thread; if one does not, another thread takes the loop over, and the thread
/// that was held up is idle once its job has returned.
///
/// While there are jobs an idle thread, the watcher, checks every `takeover` whether the driver is still at the same
/// job, so that the driver need not signal what it does. The watcher sleeps when it has seen no job for a while.
class crew {
public:
  /// What the threads do.
  struct duties {
    /// Runs the loop and, by `run`, its jobs. Returns null when the loop is over, and otherwise the job during which
    /// another thread took over.
    std::function<job_ptr()> drive;

    /// Receives that job once it has returned. Called by a thread that does not drive.
    std::function<void(job_ptr)> hand_in;
  };

  /// @param takeover how long a job may hold up the loop. It takes up to twice as long until another thread takes over.
  /// @param max_threads greatest number of threads, at least 1.
  crew(duties what, std::chrono::nanoseconds takeover, std::size_t max_threads);

  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;

  /// Starts the first driver. Throws `std::system_error` if the system cannot start a thread.
  void start();

  /// Whether a job may run: another thread could take over. Starts a thread for that if there is no idle one. If not,
  /// the driver should not run jobs until one is handed in, or for a while. A driver that is the only thread, where the
  /// system starts no other, may run jobs nevertheless: then a job that blocks holds up the loop. Called by the driver.
  bool can_take_over();

  /// Runs the job. Called by the driver after `can_take_over` has returned true. Returns whether the caller still
  /// drives.
  bool run(job& what);

  /// Waits until the loop is over and all jobs have returned. Must not be called by one of the threads.
  void finish();

private:
  using guard_type = std::unique_lock<std::mutex>;
  using thread_position = std::list<std::thread>::iterator;

  void call_watcher();
  void add_thread(bool drives);
  void serve(thread_position self, bool drives);
  void drive(guard_type& guard);
  bool watch(guard_type& guard);
  bool stop_watching() noexcept;
  void retire(thread_position self);

  duties duties_;
  std::chrono::nanoseconds takeover_;
  std::size_t max_threads_;

  /// The number of the job that the driver runs; 0 if there is none. The thread that sets it back to 0 drives.
  std::atomic<std::uint64_t> running_ = 0;

  /// The number of the last job. Written by the driver, read by the watcher.
  std::atomic<std::uint64_t> last_job_ = 0;

  /// Whether there is a watcher, or a thread has been asked to be one.
  std::atomic<bool> watched_ = false;

  std::mutex mutex_; ///< guards what follows
  std::condition_variable wakeup_;
  std::condition_variable gone_;
  std::list<std::thread> threads_;
  std::list<std::thread> retired_; ///< have ended, not yet joined
  std::size_t idle_ = 0;           ///< threads that neither drive nor run a job
  bool watcher_wanted_ = false;
  bool over_ = false;
};

} // namespace peer::internal::loop
