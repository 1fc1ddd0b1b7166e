// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/event_loop.hpp"

#include "caf/fwd.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

namespace peer::internal::node {

/// Limits of the queues in a node, or in the actor of a `functions`. Settings of the actor system.
struct load_limits {
  /// Calls and casts that wait for a thread: `peer.max-waiting-jobs`, default `defaults::max_waiting_jobs`.
  std::size_t jobs;

  /// Bytes of their arguments, and bytes that wait for the origin: `peer.queue-limit`, default `defaults::queue_limit`.
  std::size_t bytes;

  static load_limits of(const caf::actor_system& sys);
};

/// Calls and casts in the order in which they begin to run. Begins as many as can run at the same time; the others wait
/// here, where they are counted. Belongs to the loop's thread.
class job_queue {
public:
  using job_ptr = std::unique_ptr<loop::event_loop::job>;

  /// @param may_begin whether a job may begin now, apart from the number of those that run; empty: always.
  job_queue(loop::event_loop_ptr where, load_limits limits, std::function<bool()> may_begin = {});

  /// Whether a job can be added: it begins at once, or there is room for it to wait. The last waiting job may exceed
  /// the limit of bytes.
  bool has_room() const;

  /// Adds a job. @pre `has_room`. @param bytes of its arguments
  void add(job_ptr job, std::size_t bytes);

  /// Begins a job before all that wait.
  void begin(job_ptr job);

  /// A job has ended: begins the next ones. Called by the job's `finish`.
  void finished();

  /// A job did not run: it waits again, at its former place. Called by the job's `finish`.
  /// @param number `next_number` before the job was added
  void put_back(job_ptr job, std::size_t bytes, std::uint64_t number);

  /// The number of the next job that is added. Numbers ascend.
  std::uint64_t next_number() const noexcept { return next_number_; }

  /// Begins as many waiting jobs as possible.
  void begin_waiting();

  /// Drops all waiting jobs. Returns their number.
  std::size_t drop_waiting();

  /// Jobs that have not begun.
  std::size_t waiting() const noexcept { return waiting_.size(); }

private:
  struct entry {
    job_ptr job;
    std::size_t bytes;
    std::uint64_t number;
  };

  bool may_begin() const;

  loop::event_loop_ptr where_;
  load_limits limits_;
  std::function<bool()> may_begin_;
  std::deque<entry> waiting_;
  std::size_t waiting_bytes_ = 0;
  std::size_t begun_ = 0; ///< and not finished
  std::uint64_t next_number_ = 0;
};

} // namespace peer::internal::node
