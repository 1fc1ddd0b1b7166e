// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "connection/token.hpp"
#include "peer/detail/bytes.hpp"
#include "process/descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <sys/types.h>

namespace boost::asio {
class io_context;
} // namespace boost::asio

namespace peer::internal::connection {

/// What shows that a connector is the peer.
enum class proof : std::uint8_t {
  token, ///< It sent the secret. The token is not passed on.
  owner, ///< The peer holds its socket. A token may still follow.
};

/// Finds the peer among the connections to a listening TCP socket. A connection is the peer's if
///
/// 1. its first frame is a `token` (wire/message.hpp) with the secret, from whatever host; or
/// 2. its socket is held by the peer's process or a descendant of it, on this host (process/socket_owner.hpp). This is
///    looked up when it connects, since a process that ends takes its sockets with it. It counts if the connector sends
///    anything else (`erl` sends `started`), nothing for a moment (`erl` connects long before it has booted), or
///    closes.
///
/// All others are refused: at once with a wrong token, as soon as the owner of the socket is known if it sent anything
/// else, and after `patience` if it sends nothing. Once a connection is accepted, all others are refused and the socket
/// no longer listens.
///
/// Belongs to the loop's thread. Its timers are Asio's: they only decide when a socket's owner is looked up. The boot's
/// time limit belongs to the control actor, whose clock is CAF's.
class acceptor {
public:
  struct settings {
    /// The peer's process. Must not have been reaped before `process_ended` is called.
    pid_t process = -1;

    /// The secret that a token must contain; `nullopt` if the peer was not given one.
    std::optional<token_secret> secret;

    /// Time without data after which the peer's socket is accepted without a token.
    std::chrono::milliseconds silence{100};

    /// Time without data after which a connector that is not known to be the peer is refused.
    std::chrono::milliseconds patience{5000};

    /// The least time between two lookups of the sockets' owners, which take milliseconds each.
    std::chrono::milliseconds look_interval{50};

    /// The maximum number of waiting connectors. The oldest is refused to make room for one more, once the owner of its
    /// socket has been looked up or `patience` has passed. Until then no more are accepted.
    std::size_t max_waiting = 128;

    /// The maximum payload of a first frame.
    std::size_t max_first_frame = 1024;
  };

  /// Receives the peer's connection and the bytes received from it so far. Called once. May destroy the acceptor.
  using accepted_handler = std::function<void(process::descriptor socket, byte_buffer head, proof how)>;

  /// Starts accepting connections. Throws `boost::system::system_error` if the listener cannot be watched.
  static std::unique_ptr<acceptor> start(boost::asio::io_context& io, process::descriptor listener, settings how,
                                         accepted_handler on_accepted);

  virtual ~acceptor();

  /// Takes the connections that still wait, accepts the one that is known to be the peer's or has sent the token, and
  /// closes all others. Does not look up owners of sockets: the number of the process may be another's by now. May
  /// destroy the acceptor.
  virtual void process_ended() = 0;

  /// Closes the listening socket and all waiting connections.
  virtual void close() = 0;

  /// The number of connections refused so far, not counting those that were still waiting when it was closed.
  virtual std::size_t refused() const noexcept = 0;

  /// The reason for the last refusal, as the end of a sentence; empty if there was none.
  virtual const std::string& last_reason() const noexcept = 0;
};

} // namespace peer::internal::connection
