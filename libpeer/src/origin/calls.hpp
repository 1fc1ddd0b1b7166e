// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "connection/channel.hpp"
#include "origin/outstanding_calls.hpp"
#include "origin/pending_call.hpp"
#include "peer/detail/bytes.hpp"

#include "caf/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace peer::internal::origin {

/// The calls into one peer: sends them, and answers each once. Has no clock; the owner tells the time.
class calls {
public:
  using time_point = outstanding_calls<pending_call>::time_point;

  /// @param limit calls that may wait for their answers; our own are not counted.
  explicit calls(std::size_t limit) noexcept : limit_(limit) {}

  /// Fails with `errc::overload` if no more calls may wait.
  caf::error check_room() const;

  /// Sends a call. If that fails, `waiter` is told.
  void send(connection::channel& to, pending_call&& waiter, const_byte_span arguments, time_point now,
            caf::timespan timeout);

  /// Passes on an answer; one that is late, or that nobody waits for, is dropped.
  void answer(const wire::reply& reply, time_point now);

  /// Passes on that the answer to that call could not be understood.
  void fail(std::uint64_t seq, const caf::error& why);

  /// Tells the callers whose time has passed. Returns the numbers of their calls.
  std::vector<std::uint64_t> expire(time_point now);

  /// When `expire` has to be called next; `never` if no call has a deadline.
  time_point next_check() const noexcept { return outstanding_.next_check(); }

  /// Looks whether frames from the peer were damaged since the last look. One may have been the answer to any call, and
  /// nobody can tell which: all calls then wait for one of the functions that follow. Returns whether that is so.
  bool check_lost_frames(const connection::channel& from);

  /// Tells those whose answers may have been damaged that they get none.
  void fail_doubtful();

  /// The peer has ended: tells everybody, and what became of the call. @param over what the calls went over; null if
  /// there never was anything.
  void fail_all(const caf::error& why, const connection::channel* over);

  /// The number of the next call.
  std::uint64_t next_seq() const noexcept { return outstanding_.next_seq(); }

  /// The calls that have not been answered, by their numbers: what they called.
  template <class Function>
  void for_each(Function f) const {
    outstanding_.for_each(f);
  }

private:
  std::optional<pending_call> take(std::uint64_t seq);
  void doubt();

  std::size_t limit_;
  std::size_t waiting_ = 0; ///< of `outstanding_`: those that are not our own
  outstanding_calls<pending_call> outstanding_;
  std::vector<pending_call> doubtful_; ///< calls whose answers may have been damaged
  std::size_t lost_frames_ = 0;        ///< that have been looked at
};

} // namespace peer::internal::origin
