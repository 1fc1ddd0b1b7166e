// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "base/caf_compat.hpp"

#include "caf/fwd.hpp"

#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace boost::asio {
class io_context;
} // namespace boost::asio

namespace peer::internal::loop {

class loop;

using loop_ptr = std::shared_ptr<loop>;

/// Runs Asio's handlers and the actors that are pinned to it (see pinned.hpp) on one thread, so that an actor and its
/// descriptors need neither a lock nor a second wake-up. Which thread that is may change (see `execute` and `help`);
/// never do two of them run the loop.
///
/// # Lifetime
///
/// An actor system has at most one loop. It starts when `of` first asks for it and ends inside of `~actor_system`,
/// after all actors that CAF counts are done: the pinned actors that still live are killed (which ends their peers),
/// then the thread is joined. Nobody else can stop it, so nobody can get that order wrong. What remains reachable
/// through handles of dead actors is memory only; what is sent to them is dropped.
///
/// Threads of its own block all signals: the host's handlers never run on them. Each that runs the loop blocks SIGPIPE:
/// a write to a broken pipe is an error value.
class loop : public std::enable_shared_from_this<loop> {
public:
  // -- factories ---

  /// The loop of `sys`, started at the first call. Any thread may call this while `sys` lives.
  static loop_ptr of(caf::actor_system& sys);

  virtual ~loop();

  // -- properties ---

  /// Runs the handlers. Only the loop's thread may post to it; others use `post`.
  virtual boost::asio::io_context& io() noexcept = 0;

  /// Runs `task` on the loop, unless that ends first. Any thread may call this.
  virtual void post(std::function<void()> task) = 0;

  /// Runs the pinned actors; other actors that these send to are handed to CAF's scheduler.
  virtual base::actor_host& host() noexcept = 0;

  /// The actor system that it belongs to. To be used only while that lives.
  virtual caf::actor_system& system() noexcept = 0;

  /// Whether the caller is the loop's thread.
  virtual bool in_this_thread() const noexcept = 0;

  /// Whether the loop is over, and with it the actor system.
  virtual bool ended() const noexcept = 0;

  /// How long the thread polls before it sleeps, from the setting `peer.spin`; 0 means that it sleeps at once.
  virtual std::chrono::nanoseconds spin() const noexcept = 0;

  // -- waiting ---

  /// Lends the calling thread to the loop for one scope: a thread that waits for an answer is the one that reads it,
  /// which saves two wake-ups and, where cores are few, the core that the loop's own thread would need. To be made
  /// before the question is asked. Any thread may do so that may block.
  class helper {
  public:
    /// Does nothing, now and later, if another thread is busy with the loop.
    explicit helper(loop& where) : where_(where.take_lead() ? &where : nullptr) {}

    helper(const helper&) = delete;
    helper& operator=(const helper&) = delete;

    ~helper() {
      if (where_)
        where_->leave_lead();
    }

    /// Runs the loop until `done` says yes, then helps no more. Returns before that if the caller does not help, or is
    /// no help: it then has to wait in its own way. An exception that escapes from the loop ends the program, as on the
    /// loop's own thread. @pre `done` becomes true by what happens on the loop.
    template <class Predicate>
    void wait(const Predicate& done) {
      if (!where_)
        return;
      where_->lead_until(std::ref(done));
      std::exchange(where_, nullptr)->leave_lead(); // else nobody led while the caller waits in its own way
    }

  private:
    loop* where_;
  };

  // -- blocking work ---

  /// Work that may block or take long, in two parts.
  class job {
  public:
    virtual ~job();

    /// Runs outside of the loop, whose actors and descriptors it must not touch, with the signal mask of the loop's
    /// maker. Jobs run at the same time if they take longer than `defaults::handover`.
    virtual void run() noexcept = 0;

    /// Runs on the loop after that, unless the loop has ended.
    virtual void finish() = 0;
  };

  /// Runs a job as soon as the loop's thread has done what is ready now. It does so itself, which saves two wake-ups;
  /// when the job does not return within `defaults::handover`, another thread becomes the loop's. At most
  /// `defaults::max_workers` jobs run at the same time, later ones wait. A loop that ends drops those that wait and
  /// waits for those that run. Called on the loop.
  virtual void execute(std::unique_ptr<job> work) = 0;

  /// Jobs that wait or run. May be called by any thread.
  virtual std::size_t jobs() const noexcept = 0;

  /// Runs `task` on a second thread, one task after the other: writes that may block and functions of the user's. Tasks
  /// that wait when the loop ends still run; later ones are dropped.
  virtual void offload(std::function<void()> task) = 0;

  /// Becomes readable when the loop ends: an offloaded task should then wait for nothing any more.
  virtual int ending_fd() const noexcept = 0;

  // -- bookkeeping of pinned actors (pinned.hpp calls these) ---

  virtual void enroll(const caf::strong_actor_ptr& tenant) = 0;
  virtual void withdraw(caf::actor_id tenant) noexcept = 0;

  /// Whether that actor is pinned to this loop and has not terminated: only then does its answer come from here.
  virtual bool is_home_of(const caf::abstract_actor& whom) const noexcept = 0;

  /// Number of pinned actors that have not terminated.
  virtual std::size_t tenants() const noexcept = 0;

private:
  // -- bookkeeping of helpers ---

  virtual bool take_lead() = 0;
  virtual void lead_until(const std::function<bool()>& done) noexcept = 0;
  virtual void leave_lead() noexcept = 0;
};

} // namespace peer::internal::loop
