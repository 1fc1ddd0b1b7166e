// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/loop.hpp"

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

/// Threads that share the duty to run a loop, a leader and followers. The leader runs the loop and, in between, jobs,
/// which may block. A job that returns soon costs no change of thread; when one does not, a follower takes over the
/// lead, and the thread that was held up follows once its job has returned.
///
/// While there are jobs one of the followers watches, so that the leader need not tell anybody what it does: it looks
/// every `handover` whether the leader is still at the same job, and sleeps when it has seen none for a while.
class crew {
public:
  using job_ptr = std::unique_ptr<loop::job>;

  /// What the threads do.
  struct duties {
    /// Runs the loop and, by `run`, its jobs. Returns null when the loop is over, and the job during which the lead was
    /// lost otherwise.
    std::function<job_ptr()> lead;

    /// Receives that job, and is called by a thread that does not lead.
    std::function<void(job_ptr)> hand_in;
  };

  /// @param max_threads greatest number of threads, at least 1.
  crew(duties what, std::chrono::nanoseconds handover, std::size_t max_threads);

  crew(const crew&) = delete;
  crew& operator=(const crew&) = delete;

  /// Starts the first leader.
  void start();

  /// Whether somebody could take over; a thread is started for that if need be. If not, the leader should leave its
  /// jobs until one is handed in, or for a while. Called by the leader.
  bool can_hand_over();

  /// Runs the job. Called by the leader, after `can_hand_over` has said yes. Returns whether the caller still leads.
  bool run(loop::job& what);

  /// Waits until the loop is over and all jobs have returned. Not called by any of the threads.
  void finish();

private:
  using guard_type = std::unique_lock<std::mutex>;
  using thread_position = std::list<std::thread>::iterator;

  void call_watcher();
  void add_thread(bool leads);
  void serve(thread_position self, bool leads);
  void lead(guard_type& guard);
  bool watch(guard_type& guard);
  bool stop_watching() noexcept;
  void retire(thread_position self);

  duties duties_;
  std::chrono::nanoseconds handover_;
  std::size_t max_threads_;

  /// The number of the job that the leader runs; 0 if there is none. Who sets it back to 0 leads.
  std::atomic<std::uint64_t> running_ = 0;

  /// The number of the last job. Belongs to the leader; the watcher reads it.
  std::atomic<std::uint64_t> last_job_ = 0;

  /// Whether a follower watches, or has been asked to.
  std::atomic<bool> watched_ = false;

  std::mutex mutex_; ///< guards what follows
  std::condition_variable wakeup_;
  std::condition_variable gone_;
  std::list<std::thread> threads_;
  std::list<std::thread> retired_; ///< have ended and are to be joined
  std::size_t idle_ = 0;           ///< threads that neither lead nor run a job
  bool watcher_wanted_ = false;
  bool over_ = false;
};

} // namespace peer::internal::loop
