// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "base/caf_compat.hpp"
#include "loop/event_loop.hpp"
#include "peer/detail/defaults.hpp"

#include "caf/error.hpp"
#include "caf/scoped_actor.hpp"
#include "caf/timespan.hpp"

#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <optional>
#include <utility>

namespace peer::internal::origin {

/// Bounds the casts and messages of threads that wait in the mailbox of one actor: a window of bytes, and one message
/// for each thread that waits. All copies of a handle share one window.
///
/// A mailbox keeps the order of its messages. The message that fills the window is therefore sent as a request: its
/// answer shows that the actor has taken everything before it. Until then other threads wait, too. The content of the
/// answer is ignored, as casts and messages have no result.
///
/// Any thread may use it.
class cast_window {
public:
  /// @param size bytes that may be in the mailbox before a thread waits.
  explicit cast_window(std::size_t size = defaults::cast_window) noexcept : size_(size) {}

  /// Sends `request` to an actor. Blocks while the window is full, but no longer than `patience`; the request is sent
  /// in any case. Does not wait on the loop, which empties the window. @param bytes size of what the request holds on
  /// the heap.
  template <class Handle, class Request>
  void send(caf::actor_system& sys, const Handle& to, Request request, std::size_t bytes, caf::timespan patience) {
    if (loop::event_loop::any_in_this_thread())
      return base::send_anonymous(to, std::move(request));
    auto time_for_answer = enter(sizeof(Request) + bytes, patience);
    if (!time_for_answer)
      return base::send_anonymous(to, std::move(request));
    auto self = caf::scoped_actor{sys};
    base::request_from(self, to, *time_for_answer, std::move(request)).receive([] {}, [](const caf::error&) {});
    confirm();
  }

  // -- the steps of `send` ---

  /// Adds a message, after the window has room for it or `patience` has passed. Returns how long the caller has to wait
  /// for the answer to it before it calls `confirm`; nothing if the message needs no answer.
  std::optional<caf::timespan> enter(std::size_t cost, caf::timespan patience);

  /// The actor has answered the last message for which `enter` asked that, or was waited for long enough.
  void confirm();

  /// Bytes that have been sent and not been confirmed.
  std::size_t unconfirmed() const;

private:
  const std::size_t size_;
  mutable std::mutex mutex_;          ///< guards what follows
  std::condition_variable confirmed_; ///< notified by `confirm`
  std::size_t unconfirmed_ = 0;       ///< bytes
  std::optional<std::size_t> asked_;  ///< the part of them that the awaited answer confirms
};

} // namespace peer::internal::origin
