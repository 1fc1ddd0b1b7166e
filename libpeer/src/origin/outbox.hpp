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

/// What goes to a peer without an answer: casts and messages. A peer that does not read costs no more memory than a
/// limit, calls included.
class outbox {
public:
  /// @param limit bytes that may wait.
  explicit outbox(std::size_t limit) noexcept : limit_(limit) {}

  /// Fails with `errc::overload` if no more may wait.
  caf::error check_room(const connection::channel& to) const;

  /// Fails with `errc::protocol_violation` if a peer goes on to ask and does not read the answers: these are not
  /// refused, but are not to cost memory without end. What callers have put into the queue is not its fault.
  caf::error check_that_it_reads(const connection::channel& to) const;

  /// Sends a cast. Fails with `errc::overload`.
  caf::error send(connection::channel& to, const cast_request& request);

  /// Sends a message, which waits until the node's name is known. Fails with `errc::overload`, and with
  /// `errc::bad_term` if the receiver is no pid and no name.
  caf::error send(connection::channel& to, send_request request);

  /// The node has told its name: sends the messages that waited for it.
  void open(connection::channel& to, const atom& node);

  /// Tells the node that nobody waits for a call any more, if its name is known. `erl` does not care.
  void cancel(connection::channel& to, std::uint64_t seq) const;

private:
  caf::error deliver(connection::channel& to, const send_request& request) const;

  std::size_t limit_;
  atom node_;                       ///< empty until it is known
  std::vector<send_request> early_; ///< messages that wait for it
  std::size_t early_bytes_ = 0;
};

/// Whether these can name a function: Erlang's runtime takes no longer names, and no other bytes. Fails with
/// `errc::bad_term`.
caf::error check_names(const std::string& module, const std::string& function);

} // namespace peer::internal::origin
