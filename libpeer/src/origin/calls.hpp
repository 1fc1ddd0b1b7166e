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

/// The calls into one peer: sends them, and answers each once. Has no clock; the owner passes the time.
class calls {
public:
  using time_point = outstanding_calls<pending_call>::time_point;

  /// @param limit calls that may wait for their answers, without those of this library itself.
  /// @param peer names the peer in errors.
  explicit calls(std::size_t limit, std::string peer = "the peer") noexcept : limit_(limit), peer_(std::move(peer)) {}

  /// Fails with `errc::overload` if no more calls may wait.
  caf::error check_room() const;

  /// Sends a call. If that fails, `waiter` gets the error.
  void send(connection::channel& to, pending_call&& waiter, const_byte_span arguments, time_point now,
            caf::timespan timeout);

  /// Passes on an answer; drops it if no call waits for it, as after a time-out.
  void answer(const wire::reply& reply, time_point now);

  /// Fails one call, whose answer could not be decoded.
  void fail(std::uint64_t seq, const caf::error& why);

  /// Fails the calls whose time has passed. Returns their numbers.
  std::vector<std::uint64_t> expire(time_point now);

  /// When `expire` has to be called next; `never` if no call has a deadline.
  time_point next_check() const noexcept { return outstanding_.next_check(); }

  /// Returns whether frames from the peer were damaged since the last check. Such a frame may have been the answer to
  /// any call, so all calls then wait for `fail_doubtful` or `fail_all`, and answers to them are dropped.
  bool check_lost_frames(const connection::channel& from);

  /// Fails the calls whose answers may have been damaged.
  void fail_doubtful();

  /// Fails all calls, since the peer has ended; the error has the `delivery` of the call. @param over the channel that
  /// the calls went over; null if there never was one.
  void fail_all(const caf::error& why, const connection::channel* over);

  /// The number of the next call.
  std::uint64_t next_seq() const noexcept { return outstanding_.next_seq(); }

  /// Calls `f(number, pending_call)` for each call that has not been answered.
  template <class Function>
  void for_each(Function f) const {
    outstanding_.for_each(f);
  }

private:
  std::optional<pending_call> take(std::uint64_t seq);
  void doubt();

  std::size_t limit_;
  std::string peer_;
  std::size_t waiting_ = 0; ///< of `outstanding_`, without those of this library itself
  outstanding_calls<pending_call> outstanding_;
  std::vector<pending_call> doubtful_; ///< calls whose answers may have been damaged
  std::size_t lost_frames_ = 0;        ///< that have been noticed
};

} // namespace peer::internal::origin
