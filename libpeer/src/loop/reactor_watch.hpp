// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <chrono>
#include <optional>

namespace peer::internal::loop {

/// Waits for what an Asio reactor would tell, without being in it: a second epoll instance that watches the reactor's
/// own. So a thread can be woken by any event as long as nobody else attends to the reactor, and sleep on while
/// somebody does.
///
/// Asio does not tell which descriptor its epoll instance is. The kernel does: /proc lists what each instance watches.
class reactor_watch {
public:
  /// Finds the epoll instance of this process that watches `watched`, a descriptor that no other one watches. Nothing
  /// if there is none, or no /proc to find it.
  static std::optional<reactor_watch> of_the_one_that_watches(int watched);

  reactor_watch(reactor_watch&& other) noexcept;
  reactor_watch& operator=(reactor_watch&& other) noexcept;

  ~reactor_watch();

  /// Lets `wait` return at the next event, and at once if there are some already.
  void arm() noexcept;

  /// Lets `wait` sleep, whatever happens.
  void disarm() noexcept;

  /// Waits for an event, not longer than `limit` if there is one. Disarms.
  void wait(std::optional<std::chrono::milliseconds> limit) noexcept;

private:
  reactor_watch(int own, int reactor) noexcept : own_(own), reactor_(reactor) {}

  int own_;
  int reactor_; ///< belongs to Asio
};

} // namespace peer::internal::loop
