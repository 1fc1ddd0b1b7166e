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
  token, ///< It sent the secret. The token is not handed on.
  owner, ///< Its socket is held by the peer. A token may still come.
};

/// Finds the peer among those who connect to a listening TCP socket, by the first that is true:
///
/// 1. Its first frame is a `token` (wire/message.hpp) with the secret. This can be told from anywhere.
/// 2. Its socket is held by the peer's process or a descendant of it, on this host (process/socket_owner.hpp). This is
///    asked when a connector has said something else (`erl` says `started`), or nothing for a moment (`erl` connects
///    long before it has booted).
///
/// Everybody else is turned away: at once with a wrong token, as soon as the owner of the socket is known if it said
/// something else, and after `patience` if it says nothing. As soon as one is accepted, all others are turned away and
/// nobody listens any more.
///
/// Belongs to the loop's thread. Its small timers are Asio's: they decide who is asked when, and never how a peer's
/// boot ends. That is the control actor's matter, whose clock is CAF's.
class acceptor {
public:
  struct settings {
    /// The peer's process. Must not have been reaped while the acceptor lives.
    pid_t process = -1;

    /// What a token has to contain; nothing if nobody was given one.
    std::optional<token_secret> secret;

    /// How long a connector may say nothing before it is found out whose socket it is.
    std::chrono::milliseconds silence{100};

    /// How long a connector that is not known to be the peer may say nothing.
    std::chrono::milliseconds patience{5000};

    /// The least time between two looks at who holds which socket, which take milliseconds.
    std::chrono::milliseconds look_interval{50};

    /// How many connectors may wait. The oldest makes room for one more, after it was found out whose socket it is (or
    /// `patience` has passed and that is still not known). Until then no more are taken.
    std::size_t max_waiting = 128;

    /// The greatest payload of a first frame that is looked at.
    std::size_t max_first_frame = 1024;
  };

  /// Receives the peer's connection, once, and the bytes that it has sent already. It may destroy the acceptor.
  using accepted_handler = std::function<void(process::descriptor socket, byte_buffer head, proof how)>;

  /// Starts to take connections. Throws `boost::system::system_error` if the listener cannot be watched.
  static std::unique_ptr<acceptor> start(boost::asio::io_context& io, process::descriptor listener, settings how,
                                         accepted_handler on_accepted);

  virtual ~acceptor();

  /// Turns everybody away and listens no more.
  virtual void close() = 0;

  /// How many were turned away so far, not counting those who had not been judged when it was over.
  virtual std::size_t turned_away() const noexcept = 0;

  /// Why the last one was, as the end of a sentence; empty if nobody was.
  virtual const std::string& last_reason() const noexcept = 0;
};

} // namespace peer::internal::connection
