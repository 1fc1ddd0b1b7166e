// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/convert.hpp"
#include "peer/detail/bytes.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/detail/enum_names.hpp"
#include "peer/failure.hpp"
#include "peer/sys_actor.hpp"
#include "peer/term.hpp"
#include "peer/type_ids.hpp"

#include "caf/timespan.hpp"
#include "caf/typed_actor.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

/// @file
/// The messages of a control actor. Actors send them; `handle` (handle.hpp) wraps them for code that may block.

namespace peer {

// -- encoded terms ----------------------------------------------------------------------------------------------------

/// A term in the external format without its version byte: the result of a call as received. `as` converts it to a C++
/// type without building a `term`.
struct encoded_term {
  byte_buffer bytes;

  /// Reads the term as a `T` by the mapping in convert.hpp. Fails with `errc::type_mismatch`.
  template <class T>
  caf::expected<T> as() const& {
    return load_term<T>(bytes);
  }

  /// The same for an rvalue: a binary that is read as a `byte_buffer` is not copied.
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

/// Encodes the arguments of a call as the list that a request contains.
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
/// `errc::timeout`, `errc::noconnection`, `errc::overload`, `errc::bad_term` (a name is not an atom, the arguments are
/// too large, or the answer cannot be decoded), `errc::protocol_violation` (a damaged frame may have been the answer),
/// or with the peer's end: `errc::boot_failed`, `errc::exit_status`, `errc::connection_closed`, `errc::noproc`.
/// `delivery_of` returns whether the peer can have run it. The time-out of the CAF request that carries this is unknown
/// to the receiver: it ends the wait, not the call, which ends at its own `timeout`.
struct call_request {
  std::string module;
  std::string function;
  byte_buffer arguments;                         ///< from `encode_arguments`
  caf::timespan timeout{defaults::call_timeout}; ///< `caf::infinite` for none.
};

template <class Inspector>
bool inspect(Inspector& f, call_request& x) {
  return f.object(x).fields(f.field("module", x.module), f.field("function", x.function),
                            f.field("arguments", x.arguments), f.field("timeout", x.timeout));
}

/// Starts a function in the peer, whose result is ignored. Dropped without a connection. Fails with `errc::overload`.
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

/// Sends a message to a process of the peer. Dropped if there is no connection or no such process. Fails with
/// `errc::overload`.
struct send_request {
  term to;             ///< A `pid` of the peer, or an `atom`: a registered name.
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

/// The answer to `get_state_atom` and `await_boot_atom`.
struct peer_status {
  peer_state state = peer_state::booting;

  /// The node's name once it runs; `nonode@nohost` unless it is distributed.
  atom node;

  /// What ended the peer; no error unless the state is `down`.
  caf::error reason;

  /// The process id; nothing before the process was started and after it has ended.
  std::optional<std::int64_t> process_id;

  /// For each limit of the option `limits` that is not in force, a sentence that begins with its name. Empty before the
  /// process was started.
  std::vector<std::string> limits_off;
};

template <class Inspector>
bool inspect(Inspector& f, peer_status& x) {
  return f.object(x).fields(f.field("state", x.state), f.field("node", x.node), f.field("reason", x.reason),
                            f.field("process_id", x.process_id), f.field("limits_off", x.limits_off));
}

/// The steps of stopping a peer, in their order.
enum class stop_step : std::uint8_t {
  none,       ///< It ended by itself.
  asked,      ///< It ended after the request to stop.
  closed,     ///< It ended after its connection was closed.
  terminated, ///< It ended after SIGTERM.
  killed,     ///< It ended after SIGKILL.
  gave_up,    ///< It still exists: the kernel did not end it in time.
};

template <>
inline constexpr auto detail::enum_names<stop_step> =
    std::array<std::string_view, 6>{"none", "asked", "closed", "terminated", "killed", "gave_up"};

/// The answer to `stop_atom` and `kill_atom`, sent when the process was reaped and its group has ended.
struct stop_report {
  stop_step ended_by = stop_step::none;
  std::optional<exit_status> status;

  /// Descendants that left the group and are still alive; see the option `survivors`.
  std::vector<survivor> survivors;
};

template <class Inspector>
bool inspect(Inspector& f, stop_report& x) {
  return f.object(x).fields(f.field("ended_by", x.ended_by), f.field("status", x.status),
                            f.field("survivors", x.survivors));
}

// -- the control actor's interface ------------------------------------------------------------------------------------

/// Stands for one peer and lives as long as the peer: its exit is the peer's end. Link to it, monitor it.
///
/// After an exit message with a reason other than `normal` it stops the peer and then exits with that reason, as any
/// CAF actor would; `exit_reason::kill` kills both at once.
///
/// It accepts OTP's system messages as well (sys_actor.hpp). Its state is a map with the keys of OTP's `peer:state()`;
/// the options `peer_down` and `shutdown` in it can be replaced.
using control_actor = caf::typed_actor<
    // Calls a function.
    caf::result<encoded_term>(call_request),
    // Calls a function without an answer.
    caf::result<void>(cast_request),
    // Sends a message.
    caf::result<void>(send_request),
    // Waits until the peer runs; answers with its state then, or with the error that ended it.
    caf::result<peer_status>(await_boot_atom),
    // Waits until the peer has reported that it is ready (`node::ready`, the I/O request `ready`), or answers with its
    // end.
    caf::result<void>(await_ready_atom),
    // Returns the state.
    caf::result<peer_status>(get_state_atom),
    // Gives an actor of this program a pid that the peer can send to (see `handle::expose`). Does not keep the actor
    // alive.
    caf::result<term>(expose_atom, caf::actor),
    // Invalidates the pid of that actor, if it has one.
    caf::result<void>(unexpose_atom, caf::actor),
    // Stops the peer in the steps of the option `shutdown` and answers when its process has ended.
    caf::result<stop_report>(stop_atom),
    // Kills the peer and its process group at once, also while it boots or is being stopped. Answered as `stop_atom`.
    caf::result<stop_report>(kill_atom)>::extend_with<sys_actor>;

/// Sent once to the receiver of `wait_boot = notify{…}`.
struct start_notice {
  term tag;
  atom node;         ///< The node's name if it runs.
  caf::error reason; ///< Why it does not run; no error if it does.
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
