// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/caf_compat.hpp"
#include "peer/type_ids.hpp"

#include "caf/default_enum_inspect.hpp"
#include "caf/error.hpp"
#include "caf/is_error_code_enum.hpp"

#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>

namespace peer {

/// The errors of libpeer are those of CAF, with a code of `errc` and a context that describes what failed and why.
/// `describe` (failure.hpp) prints one; `failure_of` and `exception_of` return the details of those that have some.
using error = caf::error;

/// The error codes of libpeer.
enum class errc : std::uint8_t {
  /// A start option is unknown, malformed or contradicts another one. Nothing was started.
  invalid_option = 1,
  /// Text is not valid Erlang syntax.
  bad_syntax,
  /// Bytes are not a valid external term, or a term cannot be encoded.
  bad_term,
  /// A term does not have the shape of the requested C++ type.
  type_mismatch,
  /// Bytes on a connection are not a frame, or a frame is not a message of the protocol.
  protocol_violation,
  /// A file, stream or system call failed; the text names it and the system's error, and `error_number_of` gives that.
  system_failure,
  /// The peer did not reach the state `running`. The context is a `failure`.
  boot_failed,
  /// The peer's process ended. The context is a `failure`.
  exit_status,
  /// The connection ended before the process did, or without one. The context is a `failure`.
  connection_closed,
  /// There is no connection to the peer, either not yet or no longer.
  noconnection,
  /// A queue is full, usually because the peer does not read. Nothing was sent.
  overload,
  /// The control actor has exited.
  noproc,
  /// There was no answer in time.
  timeout,
  /// The called function ended with an exception. The context is a sentence and an `erl::exception`.
  exception,
  /// A function in a system message threw.
  callback_failed,
  /// The actor does not accept that system message in its current state.
  unknown_system_msg,
  /// A system message has ended the actor. The context is the reason, a `term`.
  terminated,
  /// A supervisor has no child of that id.
  not_found,
  /// The child exists already and does not run.
  already_present,
  /// The child exists already and runs.
  already_started,
  /// The request needs a child that does not run.
  running,
  /// The child is about to be restarted.
  restarting,
  /// A supervisor with the strategy `simple_one_for_one` does not support that request.
  simple_one_for_one,
  /// A child could not be started or did not become ready.
  failed_to_start_child,
  /// A function that blocks was called on the loop's thread, by a callback for instance, where it would wait for
  /// itself.
  would_block,
};

/// The code's name as in `errc`.
std::string to_string(errc code);

bool from_string(detail::caf_string_view name, errc& code);

bool from_integer(std::uint8_t value, errc& code);

template <class Inspector>
bool inspect(Inspector& f, errc& x) {
  return caf::default_enum_inspect(f, x);
}

/// An error whose context is a sentence: what failed, the value as the user wrote it, what would be right.
[[nodiscard]] error fail(errc code, std::string text);

/// The sentence at the beginning of the context of `err`; empty if there is none.
std::string text_of(const error& err);

/// The value of `errno` of an `errc::system_failure`; 0 for other errors.
std::int32_t error_number_of(const error& err) noexcept;

} // namespace peer

CAF_ERROR_CODE_ENUM(peer::errc)
