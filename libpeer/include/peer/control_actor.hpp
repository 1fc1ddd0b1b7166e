// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/timespan.hpp"
#include "caf/typed_actor.hpp"
#include "peer/convert.hpp"
#include "peer/detail/bytes.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/detail/enum_names.hpp"
#include "peer/failure.hpp"
#include "peer/sys_actor.hpp"
#include "peer/term.hpp"
#include "peer/type_ids.hpp"
#include <optional>
#include <string>
#include <utility>
#include <vector>

/// @file
/// The messages that a control actor understands. Actors send them; `handle` wraps them for everybody else.

namespace peer {

// -- terms on their way -----------------------------------------------------------------------------------------------

/// A term in the external format without its version byte: the result of a call as it came, so that it can be read as a
/// C++ type without a tree in between.
struct encoded_term {
  byte_buffer bytes;

  /// Reads the term as a `T`, by the mapping in term/convert.hpp. Fails with `errc::type_mismatch`.
  template <class T>
  caf::expected<T> as() const& {
    return load_term<T>(bytes);
  }

  /// The same, for a result that is not needed any more: bytes are not copied.
  template <class T>
  caf::expected<T> as() && {
    if constexpr (std::same_as<T, byte_buffer>)
      if (detail::remove_binary_header(bytes))
        return std::move(bytes);
    auto result = load_term<T>(bytes);
    detail::keep_memory(std::move(bytes));
    return result;
  }
};

template <class Inspector>
bool inspect(Inspector& f, encoded_term& x) {
  return f.object(x).fields(f.field("bytes", x.bytes));
}

/// Encodes the arguments of a call as the list that the wire wants.
template <class... Ts>
caf::expected<byte_buffer> encode_arguments(const Ts&... xs) {
  auto result = byte_buffer{};
  auto out = detail::term_writer{result};
  auto err = caf::error{};
  if constexpr (sizeof...(Ts) > 0) {
    out.list(sizeof...(Ts));
    static_cast<void>((!(err = save_term(result, xs)) && ...));
  }
  if (err)
    return err;
  out.nil();
  return result;
}

// -- requests ---------------------------------------------------------------------------------------------------------

/// Calls `module:function(arguments…)` in the peer. Answered once with an `encoded_term`, or with `errc::exception`,
/// `errc::timeout`, `errc::noconnection`, `errc::overload`, `errc::bad_term` (no function has that name, the arguments
/// are too large, or the answer is no term), `errc::protocol_violation` (a damaged frame may have been the answer), or
/// with the peer's end: `errc::boot_failed`, `errc::exit_status`, `errc::connection_closed`, `errc::noproc`.
/// `delivery_of` tells what became of it.
struct call_request {
  std::string module;
  std::string function;
  byte_buffer arguments;                         ///< from `encode_arguments`
  caf::timespan timeout{defaults::call_timeout}; ///< `caf::infinite` stands for none.
};

template <class Inspector>
bool inspect(Inspector& f, call_request& x) {
  return f.object(x).fields(f.field("module", x.module), f.field("function", x.function),
                            f.field("arguments", x.arguments), f.field("timeout", x.timeout));
}

/// Calls a function in the peer and forgets about it. Dropped without a connection. Fails with `errc::overload`.
struct cast_request {
  std::string module;
  std::string function;
  byte_buffer arguments; ///< from `encode_arguments`
};

template <class Inspector>
bool inspect(Inspector& f, cast_request& x) {
  return f.object(x).fields(f.field("module", x.module), f.field("function", x.function),
                            f.field("arguments", x.arguments));
}

/// Sends a message to a process of the peer. Dropped without a connection, or if there is no such process. Fails with
/// `errc::overload`.
struct send_request {
  term to;             ///< A `pid` of the peer or, as an `atom`, a registered name.
  byte_buffer content; ///< A term without version byte.
};

template <class Inspector>
bool inspect(Inspector& f, send_request& x) {
  return f.object(x).fields(f.field("to", x.to), f.field("content", x.content));
}

// -- answers ----------------------------------------------------------------------------------------------------------

enum class peer_state : std::uint8_t { booting, running, down };

template <>
inline constexpr auto detail::enum_names<peer_state> = std::array<std::string_view, 3>{"booting", "running", "down"};

/// The answer to `get_state_atom`.
struct peer_status {
  peer_state state = peer_state::booting;

  /// The node's name once it runs; `nonode@nohost` unless it is distributed.
  atom node;

  /// What ended the peer; no error unless the state is `down`.
  caf::error reason;

  /// The process's id; nothing before it was started and after it has ended.
  std::optional<std::int64_t> process_id;

  /// A sentence for each of the option's `limits` that is off, which begins with its name; nothing before the process
  /// was started.
  std::vector<std::string> limits_off;
};

template <class Inspector>
bool inspect(Inspector& f, peer_status& x) {
  return f.object(x).fields(f.field("state", x.state), f.field("node", x.node), f.field("reason", x.reason),
                            f.field("process_id", x.process_id), f.field("limits_off", x.limits_off));
}

/// The steps that end a peer, in their order.
enum class stop_step : std::uint8_t {
  none,       ///< It ended by itself.
  asked,      ///< It followed the request to stop.
  closed,     ///< It ended when its connection was closed.
  terminated, ///< It took SIGTERM.
  killed,     ///< It took SIGKILL.
  gave_up,    ///< It is still there: the kernel did not end it in time.
};

template <>
inline constexpr auto detail::enum_names<stop_step> =
    std::array<std::string_view, 6>{"none", "asked", "closed", "terminated", "killed", "gave_up"};

/// The answer to `stop_atom` and `kill_atom`: sent when the process and its group have ended, and the process was
/// reaped.
struct stop_report {
  stop_step ended_by = stop_step::none;
  std::optional<exit_status> status;

  /// Descendants that had left the group and are still there; see the option `survivors`.
  std::vector<survivor> survivors;
};

template <class Inspector>
bool inspect(Inspector& f, stop_report& x) {
  return f.object(x).fields(f.field("ended_by", x.ended_by), f.field("status", x.status),
                            f.field("survivors", x.survivors));
}

// -- the control actor's interface ------------------------------------------------------------------------------------

/// One peer's representative: as long as it lives the peer does, and its exit is the peer's end. Link to it, monitor
/// it.
///
/// An exit message with a reason other than `normal` makes it stop the peer and then exit with that reason, as any CAF
/// actor would; `exit_reason::kill` does so at once, without asking the peer.
///
/// It understands OTP's system messages as well (sys/messages.hpp). Its state is a map with the keys of OTP's
/// `peer:state()`, of which the options `peer_down` and `shutdown` can be replaced.
using control_actor = caf::typed_actor<
    // Calls a function.
    caf::result<encoded_term>(call_request),
    // Starts a function.
    caf::result<void>(cast_request),
    // Sends a message.
    caf::result<void>(send_request),
    // Waits until the peer runs; answers with its node's name, or with what went wrong.
    caf::result<atom>(await_boot_atom),
    // Waits until the peer has said that it is ready (`node::ready`, the I/O request `ready`), or answers with its end.
    caf::result<void>(await_ready_atom),
    // Tells the state.
    caf::result<peer_status>(get_state_atom),
    // Gives an actor of this program a pid that the peer can send to. It is not kept alive by that.
    caf::result<term>(expose_atom, caf::actor),
    // Stops the peer as its options say and answers when its process has ended.
    caf::result<stop_report>(stop_atom),
    // Kills the peer and its process group at once, also while it boots or is being stopped; answers as `stop_atom`.
    caf::result<stop_report>(kill_atom)>::extend_with<sys_actor>;

/// Sent to the receiver of `wait_boot = notify{…}`, once.
struct start_notice {
  term tag;
  atom node;         ///< The node's name if it runs.
  caf::error reason; ///< What went wrong, if it does not.
  caf::actor_addr control;
};

template <class Inspector>
bool inspect(Inspector& f, start_notice& x) {
  return f.object(x).fields(f.field("tag", x.tag), f.field("node", x.node), f.field("reason", x.reason),
                            f.field("control", x.control));
}

} // namespace peer

CAF_BEGIN_TYPE_ID_BLOCK(libpeer_control, caf::first_custom_type_id + 1900)

CAF_ADD_TYPE_ID(libpeer_control, (peer::control_actor))

CAF_END_TYPE_ID_BLOCK(libpeer_control)
