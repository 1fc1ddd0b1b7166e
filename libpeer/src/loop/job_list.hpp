// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/job.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstddef>
#include <deque>
#include <vector>

namespace peer::internal::loop {

class crew;

/// The jobs of a loop, from `add` to `finish`. Belongs to the thread that drives the loop, except for `count`. A new
/// driver takes over the jobs together with the loop.
class job_list {
public:
  /// Jobs will run with the signal mask of the calling thread.
  job_list();

  job_list(const job_list&) = delete;
  job_list& operator=(const job_list&) = delete;

  /// Appends a job to those that wait. Drops it after `close`.
  void add(job_ptr what);

  /// Whether a job waits to be run.
  bool waiting() const noexcept { return !waiting_.empty(); }

  /// Number of jobs that wait, run, or have not finished. Any thread may call this.
  std::size_t count() const noexcept { return count_; }

  /// Runs waiting jobs, at least one, and starts none after `time`. Returns the job during which another thread took
  /// over: the caller then drives the loop no longer and owns nothing but that job. Returns null otherwise.
  /// @pre `waiting()` and `threads.can_take_over()`; the caller has left the reactor.
  job_ptr run(crew& threads, std::chrono::nanoseconds time);

  /// Finishes the jobs that `run` completed.
  void finish_completed();

  /// Finishes a job that completed after its thread had lost the loop.
  void finish(job& what);

  /// Drops the jobs that wait and those that are added later.
  void close() noexcept;

private:
  sigset_t job_mask_;
  std::deque<job_ptr> waiting_;
  std::vector<job_ptr> completed_; ///< `run` has returned, `finish` has not been called
  std::atomic<std::size_t> count_ = 0;
  bool closed_ = false;
};

} // namespace peer::internal::loop
