// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"
#include "peer/detail/limits.hpp"
#include "peer/detail/reader.hpp"
#include "peer/failure.hpp"
#include "peer/term.hpp"

#include "caf/error.hpp"
#include "caf/fwd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

/// @file
/// The messages between an origin and its peer, one struct per tuple, as OTP's `peer` speaks them:
///
///     origin to peer                           peer to origin
///     {call, Seq, M, F, A}                     {started, Node}
///     {cast, M, F, A}                          {reply, Seq, Class, Result}
///     {message, To, Content}                   {message, To, Content}
///     {io_reply, From, ReplyAs, Reply}         {io_request, From, ReplyAs, Request}
///
/// Between libpeer nodes there are two more messages, in forms that other nodes accept:
///
///     {token, Secret}, a binary                the first message of a libpeer node over TCP (see `token`)
///     {message, {libpeer_calls, Node}, Seq}    the caller no longer waits for that call (see `calls_name`)
///
/// A field that may be any term is an `encoded_view`: the bytes of the encoded term without the version byte. It views
/// the parsed payload, or the bytes that the caller wants to write.

namespace peer::internal::wire {

/// A term in the external format without its version byte.
using encoded_view = const_byte_span;

/// How a call ended in the peer.
enum class reply_class : std::uint8_t {
  ok,     ///< It returned; the result is the value.
  throw_, ///< `throw`; for this and the next two the result is `{Reason, Stacktrace}`.
  error,
  exit,
  crash, ///< Its process was killed; the result is the exit reason.
};

/// The atom for `value` on the wire.
std::string_view to_string(reply_class value) noexcept;

/// The class of the exception that ended a call; that of a killed process is `exit`. @pre It is not `ok`.
exception_class to_exception_class(reply_class value) noexcept;

/// The reply class for an exception of that class.
reply_class to_reply_class(exception_class value) noexcept;

struct call {
  std::uint64_t seq = 0;
  std::string_view module;
  std::string_view function;
  encoded_view arguments; ///< a proper list
};

struct cast {
  std::string_view module;
  std::string_view function;
  encoded_view arguments; ///< a proper list
};

/// Deliver `content` to a process of the receiver.
struct message {
  encoded_view to; ///< a pid or a registered name: an atom or `{Name, Node}`
  encoded_view content;
};

struct io_reply {
  encoded_view from;     ///< the pid that asked
  encoded_view reply_as; ///< as the request had it
  encoded_view reply;
};

struct started {
  atom node; ///< `nonode@nohost` unless the peer is distributed
};

struct reply {
  std::uint64_t seq = 0;
  reply_class cls = reply_class::ok;
  encoded_view result;
};

struct io_request {
  encoded_view from;
  encoded_view reply_as;
  encoded_view request; ///< empty if it cannot be decoded
};

/// A message with a term that cannot be decoded, because it is malformed or exceeds a limit. Only that message fails,
/// not the connection.
struct undecodable {
  std::string what;                 ///< the message's name, such as "call"
  std::optional<std::uint64_t> seq; ///< of a call or reply
  caf::error why;                   ///< `errc::bad_term`
};

/// The secret that was given to the peer. Proves that a TCP connection comes from it.
struct token {
  const_byte_span secret;
};

/// The registered name that receives cancellations in a libpeer node: the content of the message is the `Seq` of a call
/// that has timed out. `erl` has no process of that name and drops the message.
inline constexpr std::string_view calls_name = "libpeer_calls";

using to_peer = std::variant<call, cast, message, io_reply, undecodable>;
using to_origin = std::variant<started, reply, message, io_request, undecodable>;

/// Storage for the names of a parsed `call` or `cast` that had to be converted to UTF-8.
struct names {
  std::string module;
  std::string function;
};

// -- writing: the payload of one frame, version byte included, is appended to `out` ---

void write(byte_buffer& out, const call& x);
void write(byte_buffer& out, const cast& x);
void write(byte_buffer& out, const message& x);
void write(byte_buffer& out, const io_reply& x);
void write(byte_buffer& out, const started& x);
void write(byte_buffer& out, const reply& x);
void write(byte_buffer& out, const io_request& x);
void write(byte_buffer& out, const token& x);

// -- reading ---

/// Parses the payload of a frame that must be a `token`. The result views the payload; `nullopt` for anything else.
std::optional<token> parse_token(const_byte_span payload);

/// Parses payloads of frames. Owns inflated (compressed) payloads and converted names: the result of `parse_…` views
/// the payload and this parser, and is valid until the next call.
class parser {
public:
  explicit parser(const detail::term_limits& limits = {}) noexcept : limits_(limits) {}

  /// Parses a message from a peer. Fails with `errc::protocol_violation` if the message is unknown or has an invalid
  /// field or is compressed, and with `errc::bad_term`, unless that affects this message only. Every term in the result
  /// has been checked with the same limits: decoding it cannot fail.
  caf::expected<to_origin> parse_to_origin(const_byte_span payload);

  /// Parses a message from an origin.
  caf::expected<to_peer> parse_to_peer(const_byte_span payload);

private:
  detail::term_limits limits_;

  /// Names of the last call or cast.
  names names_;

  /// The reader of the last payload. Owns inflated bytes.
  std::optional<detail::term_reader> reader_;
};

} // namespace peer::internal::wire
