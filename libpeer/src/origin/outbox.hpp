// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "connection/channel.hpp"
#include "peer/control_actor.hpp"
#include "peer/term.hpp"

#include "caf/error.hpp"

#include <cstddef>
#include <cstdint>
#include <vector>

namespace peer::internal::origin {

/// Casts and messages to a peer. The memory that waits for a peer that does not read is bounded, with that of calls.
class outbox {
public:
  /// @param limit bytes that may wait.
  explicit outbox(std::size_t limit) noexcept : limit_(limit) {}

  /// Fails with `errc::overload` if no more may wait.
  caf::error check_room(const connection::channel& to) const;

  /// Fails with `errc::protocol_violation` if a peer sends requests and does not read the answers. Answers are not
  /// refused, so this bounds their memory. The bound leaves room for what callers may have put into the queue: twice
  /// the limit, and a frame.
  caf::error check_that_it_reads(const connection::channel& to) const;

  /// Sends a cast. Fails with `errc::overload`.
  caf::error send(connection::channel& to, const cast_request& request);

  /// Sends a message, which waits until the node's name is known. Fails with `errc::overload`, and with
  /// `errc::bad_term` if the receiver is neither a pid nor a name.
  caf::error send(connection::channel& to, send_request request);

  /// The name of the node is known: sends the messages that waited for it.
  void open(connection::channel& to, const atom& node);

  /// Sends the node, if its name is known, a message that a call has timed out. `erl` ignores it.
  void cancel(connection::channel& to, std::uint64_t seq) const;

private:
  caf::error deliver(connection::channel& to, const send_request& request) const;

  std::size_t limit_;
  atom node_;                       ///< empty until it is known
  std::vector<send_request> early_; ///< messages that wait for it
  std::size_t early_bytes_ = 0;
};

/// Fails with `errc::bad_term` unless both are valid UTF-8 of at most 255 characters, as atoms are.
caf::error check_names(const std::string& module, const std::string& function);

} // namespace peer::internal::origin
