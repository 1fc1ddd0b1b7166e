// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/enum_names.hpp"
#include "peer/error.hpp"
#include "peer/process.hpp"
#include "peer/term.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace peer {

/// The class of an Erlang exception (Reference Manual, "Errors and Error Handling").
enum class exception_class : std::uint8_t { throw_, error_, exit_ };

template <>
inline constexpr auto detail::enum_names<exception_class> = std::array<std::string_view, 3>{"throw", "error", "exit"};

} // namespace peer

/// @file
/// Details of errors, which are the context of a `caf::error`.

namespace peer {

// -- the end of a peer ------------------------------------------------------------------------------------------------

/// The phases of a peer's life.
enum class phase : std::uint8_t {
  spawn,     ///< Its process was not started.
  boot,      ///< The process runs. Over `tcp` it has not connected yet.
  connected, ///< Over `tcp`: it has connected and was identified. The node has not sent `started`.
  running,   ///< It answers calls.
  stopping,  ///< It is being stopped.
};

template <>
inline constexpr auto detail::enum_names<phase> =
    std::array<std::string_view, 5>{"spawn", "boot", "connected", "running", "stopping"};

/// Observations that a peer ends.
enum class evidence : std::uint8_t {
  none,          ///< None so far.
  not_started,   ///< The process could not be started.
  exit,          ///< The process ended.
  end_of_stream, ///< The connection was closed between two messages.
  violation,     ///< The connection failed, or received bytes were not a message.
  boot_time_out, ///< The node did not send `started` in time.
  request,       ///< It was stopped on request.
  heartbeat,     ///< It did not answer the heartbeat in time.
};

template <>
inline constexpr auto detail::enum_names<evidence> = std::array<std::string_view, 8>{
    "none", "not_started", "exit", "end_of_stream", "violation", "boot_time_out", "request", "heartbeat"};

/// Whether a call was delivered.
enum class delivery : std::uint8_t {
  not_delivered, ///< The peer did not receive all of it, so it did not run. It is safe to repeat it elsewhere.
  unanswered,    ///< The peer may have received it: it may have run, wholly or in part.
  answered,      ///< It ran, and the peer sent its outcome.
};

template <>
inline constexpr auto detail::enum_names<delivery> =
    std::array<std::string_view, 3>{"not_delivered", "unanswered", "answered"};

/// How a peer ended or failed to start, as known at that moment. The context of `errc::boot_failed`,
/// `errc::exit_status` and `errc::connection_closed`.
struct failure {
  /// The program and, if it has one, the peer's name.
  std::string who;

  /// The phase in which it ended.
  phase at = phase::spawn;

  /// The kind of its connection: "inherited", "standard_io" or "tcp".
  std::string connection;

  /// The first observation. If a process simply ends, this is either `exit` or `end_of_stream`, at random.
  evidence first = evidence::none;

  /// The first observation as a sentence: the system's error, the end of the stream, a violation of the protocol, a
  /// time-out. Empty if the process simply ended.
  std::string cause;

  /// The value of `errno` if the process could not be started, else 0.
  std::int32_t error_number = 0;

  /// How the process ended; nothing if it never started, or could not be killed.
  std::optional<exit_status> status;

  /// The last lines that it wrote to stderr, at most `defaults::stderr_lines`.
  std::vector<std::string> last_words;

  /// Descendants that are still alive: they left its process group, and the option `survivors` is not `kill`.
  std::vector<survivor> survivors;

  /// In the answer to a call: whether that was delivered. Else nothing.
  std::optional<delivery> call;
};

template <class Inspector>
bool inspect(Inspector& f, failure& x) {
  return f.object(x).fields(
      f.field("who", x.who), f.field("at", x.at), f.field("connection", x.connection), f.field("first", x.first),
      f.field("cause", x.cause), f.field("error_number", x.error_number), f.field("status", x.status),
      f.field("last_words", x.last_words), f.field("survivors", x.survivors), f.field("call", x.call));
}

// -- exceptions -------------------------------------------------------------------------------------------------------

namespace erl {

/// An exception that ended a called function. The context of `errc::exception`.
struct exception {
  exception_class cls = exception_class::error_;
  term reason;
  term stacktrace; ///< A list; empty if the process that ran the call was killed.
};

template <class Inspector>
bool inspect(Inspector& f, exception& x) {
  return f.object(x).fields(f.field("class", x.cls), f.field("reason", x.reason), f.field("stacktrace", x.stacktrace));
}

} // namespace erl

// -- access -----------------------------------------------------------------------------------------------------------

/// The details of a peer's end; null if `err` has none. A child that could not be started
/// (`errc::failed_to_start_child`) has those of its peer. Valid as long as `err`.
const failure* failure_of(const error& err) noexcept;

/// The details of an exception; null if `err` has none. Valid as long as `err`.
const erl::exception* exception_of(const error& err) noexcept;

/// The `caf::error` that a called C++ function has returned, with its own category and code, if that is why the call
/// failed with `err` (`errc::exception`); else no error.
error returned_error_of(const error& err);

/// Whether the call that failed with `err` was delivered; nothing for errors that do not depend on delivery, such as
/// `errc::bad_term`.
std::optional<delivery> delivery_of(const error& err) noexcept;

/// A copy of `err` from which `delivery_of` returns `what`. No effect on errors that are neither the end of a peer nor
/// `errc::noproc`.
error with_delivery(const error& err, delivery what);

/// An error with that code, `text` and, if `why` has some, the details of a failure or an exception.
error with_details_of(const error& why, errc code, std::string text);

/// Translates the error of a request to a control actor: CAF's errors for a receiver that has exited become
/// `errc::noproc`, with `who` as the subject of the sentence.
error from_request(error why, std::string_view who = "the peer's control actor");

/// `err` as the reason that Erlang code would get from OTP: `normal`, `{exit_status,137}`, `tcp_closed` for the end of
/// a peer over TCP, `{boot_failed,{exit_status,1}}`, `{boot_failed,enoent}`, `timeout` for a boot that took too long,
/// `noconnection`, `{error,undef}` for an exception.
term to_reason(const error& err);

/// A sentence for users: what failed, where and why. The last words of a peer follow on lines of their own. Characters
/// that act on a terminal (control characters, changes of the direction of writing) are shown as `\xHH` or `\x{HHHH}`.
std::string describe(const error& err);

} // namespace peer
