// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/event_loop.hpp"
#include "loop/reactor_watch.hpp"

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <utility>

/// @file
/// Threads that drive a loop while they wait for an answer. Implemented by this file, helpers.cpp and reactor_watch
/// alone.

namespace peer::internal::loop {

class dispatcher;
class job_list;
class reactor;

/// Shares the drive of a loop between its crew and threads that help.
class helpers {
public:
  helpers(reactor& io, dispatcher& work, const job_list& jobs, std::chrono::nanoseconds spin)
      : io_(io), work_(work), jobs_(jobs), spin_(spin) {}

  helpers(const helpers&) = delete;
  helpers& operator=(const helpers&) = delete;

  // -- called by threads that want to help ---

  /// Takes the drive from a thread of the crew that sleeps, or polls with nothing to do. Returns whether the caller
  /// drives now. A thread of low priority never does.
  bool take();

  /// Drives until `done` returns true, a job waits, which only the crew runs, or the loop is about to end.
  void drive_until(const std::function<bool()>& done) noexcept;

  /// Leaves the drive to the crew or another helper.
  void leave() noexcept;

  // -- called by the thread that ends the loop ---

  /// Lets no thread help any more, and waits until the one that does has left: only the crew may run the end, because
  /// nothing would wake it afterwards.
  void close() noexcept;

  // -- called by the crew's driver ---

  /// Whether a thread is waiting to help.
  bool wanted() const noexcept { return candidates_ > 0; }

  /// Sleeps until there is something to do, at most for `limit`; helpers may drive meanwhile. Returns false without
  /// having slept if helpers cannot drive this loop.
  bool sleep(std::optional<std::chrono::milliseconds> limit);

private:
  /// Where the driver is.
  enum class place : std::uint8_t { crew, helper, nowhere };

  bool prepare();
  bool take_free(place who);
  void give_up() noexcept;

  reactor& io_;
  dispatcher& work_;
  const job_list& jobs_;
  std::chrono::nanoseconds spin_;
  sigset_t outer_mask_; ///< what the helper that drives had blocked
  std::atomic<place> driver_ = place::crew;
  std::atomic<std::size_t> candidates_ = 0; ///< threads that try to take the drive
  std::atomic<bool> prepared_ = false;      ///< helpers can drive
  std::atomic<bool> closed_ = false;
  std::once_flag preparation_;
  std::optional<reactor_watch> watch_; ///< once prepared: where the crew sleeps
};

/// Lends the calling thread to a loop for one scope: a thread that waits for an answer reads it itself, which saves two
/// wake-ups and, on few cores, the core that the loop's own thread would need. Made before the request is sent. Any
/// thread that may block may use this.
class helper {
public:
  /// Has no effect, now and later, if another thread is busy with the loop.
  explicit helper(event_loop& where)
      : helping_(!where.ended() && where.helping().take() ? &where.helping() : nullptr) {}

  helper(const helper&) = delete;
  helper& operator=(const helper&) = delete;

  ~helper() {
    if (helping_)
      helping_->leave();
  }

  /// Drives the loop until `done` returns true, then helps no more. May return earlier: the caller then has to wait in
  /// its own way. An exception that escapes from the loop ends the program, as on the loop's own thread.
  /// @pre `done` becomes true by what happens on the loop.
  template <class Predicate>
  void wait(const Predicate& done) {
    if (!helping_)
      return;
    helping_->drive_until(std::ref(done));
    std::exchange(helping_, nullptr)->leave(); // otherwise no thread could drive while the caller waits
  }

private:
  helpers* helping_;
};

} // namespace peer::internal::loop
