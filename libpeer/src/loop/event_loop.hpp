// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "base/caf_compat.hpp"
#include "loop/job.hpp"

#include "caf/fwd.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

namespace boost::asio {
class io_context;
} // namespace boost::asio

namespace peer::internal::loop {

class helpers;
class event_loop;

using event_loop_ptr = std::shared_ptr<event_loop>;

/// Runs Asio's handlers and the actors that are pinned to it (see pinned.hpp) on one thread at a time, its *driver*, so
/// that an actor and its descriptors need neither a lock nor a second wake-up. The driver may change between two
/// handlers (see `execute`).
///
/// # Parts
///
/// `reactor` polls and sleeps, `tenant_host` keeps and resumes the pinned actors, `dispatcher` runs what is ready in
/// both, `job_list` holds blocking work, `crew` is the threads, `offload_threads` run what may block for long,
/// `helpers` lets other threads drive.
///
/// # Lifetime
///
/// An actor system has at most one loop. The first `of` starts it; `~actor_system` ends it after all actors that CAF
/// counts are done: pinned actors that still live are killed (which ends their peers), then the threads are joined.
/// Nothing else stops it, so the order cannot be wrong. The host's callbacks may run until then, and use handles.
/// Afterwards, handles of dead actors keep memory only: requests to them are answered with
/// `caf::sec::request_receiver_down`, other messages are dropped.
///
/// A child that the host forks has no thread of the loop. There the loop has ended.
///
/// The loop's own threads block all signals, so signal handlers of the host never run on them. Every driver blocks
/// SIGPIPE: a write to a broken pipe is an error value.
class event_loop : public std::enable_shared_from_this<event_loop> {
public:
  // -- factories ---

  /// The loop of `sys`, started at the first call. Fails with `errc::system_failure` if the system has no thread or
  /// descriptor for it, and with `errc::noproc` if `sys` is ending. Any thread may call this while `sys` lives, also
  /// one that `~actor_system` waits for.
  static caf::expected<event_loop_ptr> of(caf::actor_system& sys);

  /// The loop of `sys`, also one that has ended; null if there is none. Any thread may call this while `sys` lives.
  static event_loop_ptr find(caf::actor_system& sys);

  virtual ~event_loop();

  /// Whether the calling thread drives a loop, whichever: then it must not block.
  static bool any_in_this_thread() noexcept;

  // -- properties ---

  /// The context of the loop's handlers. Only the driver may post to it; other threads use `post`.
  virtual boost::asio::io_context& io() noexcept = 0;

  /// Runs `task` on the loop, unless the loop ends first. Any thread may call this.
  virtual void post(std::function<void()> task) = 0;

  /// Resumes the pinned actors. Other actors that they send to are handed to CAF's scheduler.
  virtual base::actor_host& host() noexcept = 0;

  /// The actor system that the loop belongs to. Invalid after `ended`.
  virtual caf::actor_system& system() noexcept = 0;

  /// Whether the calling thread drives the loop.
  virtual bool in_this_thread() const noexcept = 0;

  /// Whether the loop has ended, and with it the actor system, or the calling process is a fork of the loop's.
  virtual bool ended() const noexcept = 0;

  /// How long the driver polls before it sleeps: the setting `peer.spin`; 0 means that it sleeps at once.
  virtual std::chrono::nanoseconds spin() const noexcept = 0;

  // -- blocking work ---

  using job = internal::loop::job;

  /// Runs a job as soon as the driver has done what is ready now. The driver runs it itself, which saves two wake-ups;
  /// if the job does not return within `defaults::takeover`, another thread takes the loop over. At most
  /// `defaults::max_workers` jobs run at the same time, later ones wait. A loop that ends drops waiting jobs and waits
  /// for running ones. Called on the loop.
  virtual void execute(std::unique_ptr<job> work) = 0;

  /// Number of jobs that wait or run. Any thread may call this.
  virtual std::size_t jobs() const noexcept = 0;

  /// Runs `task` on another thread, for writes that may block and the user's callbacks. Tasks with the same `queue`,
  /// any address, run one after the other; one that blocks does not delay those of other queues. Tasks that wait when
  /// the loop ends still run; later ones are dropped. Any thread may call this.
  virtual void offload(std::function<void()> task, const void* queue = nullptr) = 0;

  /// Runs a callback of the program in the same way. `after_offloaded` does not wait for it.
  virtual void run_callback(std::function<void()> task, const void* queue) = 0;

  /// Runs `task` on another thread when all tasks that were offloaded before have run. If the system has no thread for
  /// them, the caller runs them all. Any thread that may block may call this.
  virtual void after_offloaded(std::function<void()> task) = 0;

  /// Runs `task` on the thread that starts processes, one task after the other. That thread is made with the loop and
  /// lives as long: what a process inherits from the thread that starts it, or gets at the end of that thread
  /// (PR_SET_PDEATHSIG, prctl(2)), does not depend on which thread drives the loop. Tasks may block. Returns false if
  /// the loop ends. Any thread may call this.
  virtual bool start_process(std::function<void()> task) = 0;

  /// Becomes readable when the loop ends. Offloaded tasks should then stop waiting.
  virtual int ending_fd() const noexcept = 0;

  // -- bookkeeping of pinned actors (pinned.hpp calls these) ---

  virtual void enroll(const caf::strong_actor_ptr& tenant) = 0;
  virtual void withdraw(caf::actor_id tenant) noexcept = 0;

  /// Whether the actor is pinned to this loop and has not terminated: only then its answer comes from this loop.
  virtual bool is_home_of(const caf::abstract_actor& whom) const noexcept = 0;

  /// Number of pinned actors that have not terminated.
  virtual std::size_t tenants() const noexcept = 0;

  // -- threads that help (helpers.hpp calls this) ---

  virtual helpers& helping() noexcept = 0;
};

} // namespace peer::internal::loop
