// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <optional>

namespace peer::internal::loop {

/// Asio's `io_context` for one thread at a time, its *driver*, which other threads can wake. The driver enters the
/// reactor, polls and sleeps; it leaves the reactor before another thread enters.
class reactor {
public:
  // -- constructors, destructors, and assignment operators ---

  /// Throws `std::system_error` if the system has no descriptor left.
  reactor();

  reactor(const reactor&) = delete;
  reactor& operator=(const reactor&) = delete;

  ~reactor();

  // -- called by any thread ---

  /// Runs `task` on the driver, unless the reactor ends first.
  void post(std::function<void()> task);

  /// Ends the sleep of the driver, also one that is about to begin. No effect if the driver itself calls this: it
  /// checks for work before it sleeps.
  void wake();

  /// Makes the epoll descriptor readable, whether a thread sleeps or not. Posting a handler alone does not.
  void signal() noexcept;

  /// Whether the calling thread drives this reactor.
  bool in_this_thread() const noexcept;

  /// Whether the calling thread drives any reactor.
  static bool any_in_this_thread() noexcept;

  /// Whether handlers may wait that have been posted since the last `poll`.
  bool posted() const noexcept { return posted_; }

  /// The descriptor that `signal` writes to. No other epoll instance of this process watches it.
  int wakeup_fd() const noexcept { return wakeup_fd_; }

  // -- called by the driver ---

  boost::asio::io_context& io() noexcept { return io_; }

  void enter() noexcept;

  void leave() noexcept;

  /// Runs handlers that are ready, at most 16 because some descriptors are always ready. Returns whether it ran any.
  bool poll();

  /// Sleeps until a handler has run, `wake` is called or `limit` has passed.
  /// @param idle checked after `wake` has started to have an effect; the reactor does not sleep if it returns false.
  template <class Predicate>
  void sleep(std::optional<std::chrono::milliseconds> limit, const Predicate& idle) {
    set_asleep(true);
    if (idle())
      run_one(limit);
    set_asleep(false);
  }

  /// Whether `wake` must wake a thread. Set before the last check for work.
  void set_asleep(bool value) noexcept { asleep_ = value; }

  /// Makes the reactor stop as soon as no operation is left.
  void end();

  /// Whether `end` was called.
  bool ending() const noexcept { return ending_; }

  /// Whether the reactor was ended and has no operation left.
  bool stopped() const { return io_.stopped(); }

  /// Restarts the reactor if it has stopped: an operation may have been started since.
  void restart_if_stopped();

private:
  void run_one(std::optional<std::chrono::milliseconds> limit);
  void await_wakeup();

  /// The reactor that the current thread drives.
  static thread_local const reactor* driven_here;

  boost::asio::io_context io_{1};
  int wakeup_fd_;
  boost::asio::posix::stream_descriptor wakeup_;
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::atomic<bool> posted_ = false;
  std::atomic<bool> asleep_ = false; ///< the driver sleeps or is about to, or there is none
  std::atomic<bool> ending_ = false;
};

} // namespace peer::internal::loop
