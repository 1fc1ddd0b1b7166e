// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <chrono>
#include <optional>

namespace peer::internal::loop {

/// Waits for the events of an Asio reactor without running it: a second epoll instance that watches the reactor's own.
/// A thread can thus be woken by any event while no other thread runs the reactor, and sleep on while one does.
///
/// Asio does not expose the descriptor of its epoll instance. It is found in /proc, which lists what each instance
/// watches.
class reactor_watch {
public:
  /// Finds the epoll instance of this process that watches `watched`, a descriptor that no other one watches. Nothing
  /// if there is none, or no /proc to find it.
  static std::optional<reactor_watch> of_the_one_that_watches(int watched);

  reactor_watch(reactor_watch&& other) noexcept;
  reactor_watch& operator=(reactor_watch&& other) noexcept;

  ~reactor_watch();

  /// Makes `wait` return at the next event, or at once if events are pending.
  void arm() noexcept;

  /// Makes `wait` ignore all events.
  void disarm() noexcept;

  /// Waits for an event, not longer than `limit` if there is one. Disarms.
  void wait(std::optional<std::chrono::milliseconds> limit) noexcept;

private:
  reactor_watch(int own, int reactor) noexcept : own_(own), reactor_(reactor) {}

  int own_;
  int reactor_; ///< belongs to Asio
};

} // namespace peer::internal::loop
