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
/// What an error knows: the details that travel in a `caf::error` as its context.

namespace peer {

// -- the end of a peer ------------------------------------------------------------------------------------------------

/// How far a peer had come.
enum class phase : std::uint8_t {
  spawn,     ///< Its process has not been started.
  boot,      ///< The process runs. Over `tcp` it has not connected yet.
  connected, ///< Over `tcp`: it has connected, and was found to be the right one. The node has not said `started`.
  running,   ///< Calls are answered.
  stopping,  ///< Somebody asked it to stop.
};

template <>
inline constexpr auto detail::enum_names<phase> =
    std::array<std::string_view, 5>{"spawn", "boot", "connected", "running", "stopping"};

/// What tells that a peer ends.
enum class evidence : std::uint8_t {
  none,          ///< Nothing so far.
  not_started,   ///< The system did not start the process.
  exit,          ///< The process had ended.
  end_of_stream, ///< The connection had been closed, between two messages.
  violation,     ///< The connection failed, or what came over it was no message.
  boot_time_out, ///< It did not say in time that it had started.
  request,       ///< Somebody stopped it.
  heartbeat,     ///< It did not answer the heartbeat in time.
};

template <>
inline constexpr auto detail::enum_names<evidence> = std::array<std::string_view, 8>{
    "none", "not_started", "exit", "end_of_stream", "violation", "boot_time_out", "request", "heartbeat"};

/// What became of a call.
enum class delivery : std::uint8_t {
  not_delivered, ///< The peer has not got all of it: it did not run. Making it again elsewhere is safe.
  unanswered,    ///< The peer may have got it: it may have run, wholly or in part.
  answered,      ///< It ran, and the peer told how it ended.
};

template <>
inline constexpr auto detail::enum_names<delivery> =
    std::array<std::string_view, 3>{"not_delivered", "unanswered", "answered"};

/// How a peer ended, or failed to start: everything that was known at that moment. The context of `errc::boot_failed`,
/// `errc::exit_status` and `errc::connection_closed`.
struct failure {
  /// The program and, if it has one, the peer's name.
  std::string who;

  /// How far it had come.
  phase at = phase::spawn;

  /// The connection that it had or was to have: "inherited", "standard_io" or "tcp".
  std::string connection;

  /// What was seen first. Whether the end of the stream or that of the process is seen first is chance if a process
  /// simply ends.
  evidence first = evidence::none;

  /// What was seen first, as a sentence: the system's error, the end of the stream, a violation of the protocol, a
  /// time-out. Empty if the process simply ended.
  std::string cause;

  /// The system's error number if the process could not be started, else 0.
  std::int32_t error_number = 0;

  /// How the process ended; nothing if it never started, or could not be killed.
  std::optional<exit_status> status;

  /// The last lines that it wrote to stderr (at most `defaults::stderr_lines`).
  std::vector<std::string> last_words;

  /// Processes of it that are still there: they had left its process group, and the option `survivors` did not ask for
  /// their end.
  std::vector<survivor> survivors;

  /// In the answer to a call: what became of that. Else nothing.
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

/// How a called function failed. The context of `errc::exception`.
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

/// The details of a peer's end; null if `err` is about something else. Valid as long as `err` is.
const failure* failure_of(const error& err) noexcept;

/// The details of an exception; null if `err` is about something else. Valid as long as `err` is.
const erl::exception* exception_of(const error& err) noexcept;

/// What became of the call that `err` answers; nothing if that is not a matter of delivery (`errc::bad_term`, say).
std::optional<delivery> delivery_of(const error& err) noexcept;

/// The same error, for a call of which that became. Only the end of a peer tells it.
error with_delivery(const error& err, delivery what);

/// What a request to a control actor failed with: CAF's error for a receiver that is gone becomes `errc::noproc`.
error from_request(error why, std::string_view who = "the peer's control actor");

/// `err` as Erlang code would see it, in OTP's words: `normal`, `{exit_status,137}`, `tcp_closed` for the end of a peer
/// over TCP, `{boot_failed,{exit_status,1}}`, `{boot_failed,enoent}`, `timeout` for a boot that took too long,
/// `noconnection`, `{error,undef}` for an exception.
term to_reason(const error& err);

/// One sentence for people: what failed, where and why, with the last words of a peer on lines of their own.
std::string describe(const error& err);

} // namespace peer
