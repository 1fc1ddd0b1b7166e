// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/caf_compat.hpp"
#include "peer/base/error.hpp"
#include "peer/base/exception_class.hpp"
#include "peer/process/exit_status.hpp"
#include "peer/term/term.hpp"

#include "caf/default_enum_inspect.hpp"

#include <optional>
#include <string>
#include <vector>

/// @file
/// What an error knows: the details that travel in a `caf::error` as its context.

namespace peer {

// -- the end of a peer ------------------------------------------------------------------------------------------------

/// How far a peer had come.
enum class phase : std::uint8_t {
  spawn,    ///< Its process has not been started.
  boot,     ///< The process runs; the node has not said `started`.
  running,  ///< Calls are answered.
  stopping, ///< Somebody asked it to stop.
};

std::string to_string(phase value);
bool from_string(caf_string_view name, phase& value);
bool from_integer(std::uint8_t number, phase& value);

template <class Inspector>
bool inspect(Inspector& f, phase& x) {
  return caf::default_enum_inspect(f, x);
}

/// How a peer ended, or failed to start: everything that was known at that moment. The context of `errc::boot_failed`,
/// `errc::exit_status` and `errc::connection_closed`.
struct failure {
  /// The program and, if it has one, the peer's name.
  std::string who;

  /// How far it had come.
  phase at = phase::spawn;

  /// What was seen first, as a sentence: the system's error, the end of the stream, a violation of the protocol, a
  /// time-out. Empty if the process simply ended.
  std::string cause;

  /// How the process ended; nothing if it never started, or could not be killed.
  std::optional<exit_status> status;

  /// The last lines that it wrote to stderr (at most `defaults::stderr_lines`).
  std::vector<std::string> last_words;
};

template <class Inspector>
bool inspect(Inspector& f, failure& x) {
  return f.object(x).fields(f.field("who", x.who), f.field("at", x.at), f.field("cause", x.cause),
                            f.field("status", x.status), f.field("last_words", x.last_words));
}

// -- exceptions -------------------------------------------------------------------------------------------------------

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

// -- access -----------------------------------------------------------------------------------------------------------

/// The details of a peer's end; null if `err` is about something else. Valid as long as `err` is.
const failure* failure_of(const error& err) noexcept;

/// The details of an exception; null if `err` is about something else. Valid as long as `err` is.
const exception* exception_of(const error& err) noexcept;

/// `err` as Erlang code would see it: `normal`, `{exit_status,137}`, `{boot_failed,{exit_status,1}}`, `noconnection`,
/// `{error,undef}` for an exception.
term to_reason(const error& err);

/// One sentence for people: what failed, where and why, with the last words of a peer on lines of their own.
std::string describe(const error& err);

} // namespace peer
