// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/default_enum_inspect.hpp"
#include "caf/error.hpp"
#include "caf/is_error_code_enum.hpp"
#include "peer/detail/caf_compat.hpp"
#include "peer/type_ids.hpp"
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace peer {

/// Every error of libpeer is CAF's: a code of `errc` and a context that says what failed, where and why. `describe`
/// (see control/report.hpp) prints one; `failure_of` and `exception_of` give the details of those that carry some.
using error = caf::error;

/// What kind of thing went wrong.
enum class errc : std::uint8_t {
  /// A start option is unknown, malformed or contradicts another one. Nothing was started.
  invalid_option = 1,
  /// Text is no Erlang syntax.
  bad_syntax,
  /// Bytes are no external term, or a term cannot be encoded.
  bad_term,
  /// A term does not have the shape of the C++ type that was asked for.
  type_mismatch,
  /// Bytes on a connection are no frame or no message of the protocol.
  protocol_violation,
  /// A file, stream or system call failed; the text names it and the system's error, and `error_number_of` gives that.
  system_failure,
  /// The peer did not reach the state `running`. The context is a `failure`.
  boot_failed,
  /// The peer's process ended. The context is a `failure`.
  exit_status,
  /// The connection ended before the process did, or without one. The context is a `failure`.
  connection_closed,
  /// There is no connection to the peer (not yet, or no more).
  noconnection,
  /// Too much waits already for the peer to read it. Nothing was sent.
  overload,
  /// The control actor is gone.
  noproc,
  /// A time-out passed.
  timeout,
  /// The called function ended with an exception. The context is an `exception`.
  exception,
  /// A function or callback that a system message named did not return.
  callback_failed,
  /// A system message has no meaning for an actor in its present state.
  unknown_system_msg,
  /// A system message has ended the actor. The context is the reason, a `term`.
  terminated,
  /// A supervisor has no child of that id.
  not_found,
  /// The child exists already, and does not run.
  already_present,
  /// The child runs already: it cannot be added once more.
  already_started,
  /// The child runs: that cannot be done with it.
  running,
  /// The child is about to be restarted.
  restarting,
  /// Children of a supervisor that is `simple_one_for_one` do not have that.
  simple_one_for_one,
  /// A child could not be started, or did not become ready.
  failed_to_start_child,
};

/// The code's name as in `errc`.
std::string to_string(errc code);

bool from_string(detail::caf_string_view name, errc& code);

bool from_integer(std::uint8_t value, errc& code);

template <class Inspector>
bool inspect(Inspector& f, errc& x) {
  return caf::default_enum_inspect(f, x);
}

/// The sentence that most errors have as their context; empty if this one has another.
std::string text_of(const error& err);

/// The system's error number behind an `errc::system_failure`, else 0.
std::int32_t error_number_of(const error& err) noexcept;

} // namespace peer

CAF_ERROR_CODE_ENUM(peer::errc)
