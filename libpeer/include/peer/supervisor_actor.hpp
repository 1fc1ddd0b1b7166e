// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/child_spec.hpp"
#include "peer/control_actor.hpp"
#include "peer/detail/enum_names.hpp"
#include "peer/error.hpp"
#include "peer/type_ids.hpp"

#include "caf/actor.hpp"
#include "caf/allowed_unsafe_message_type.hpp"
#include "caf/timespan.hpp"
#include "caf/timestamp.hpp"
#include "caf/typed_actor.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace peer {

/// An event of a child.
enum class event_kind : std::uint8_t {
  starting,     ///< The child is being started.
  started,      ///< The child runs, and may have to become ready.
  ready,        ///< The child is ready: calls reach it.
  start_failed, ///< The child could not be started, or did not become ready.
  exited,       ///< The child ended by itself.
  restarting,   ///< The child will be started again, after `delay`.
  stopping,     ///< The child is being stopped.
  stopped,      ///< The child has ended because it was stopped.
  gave_up,      ///< The supervisor stops after too many restarts, of which this child's was the last.
  removed,      ///< The spec of the child was deleted.
};

template <>
inline constexpr auto detail::enum_names<event_kind> =
    std::array<std::string_view, 10>{"starting",   "started",  "ready",   "start_failed", "exited",
                                     "restarting", "stopping", "stopped", "gave_up",      "removed"};

/// The message to subscribers of a tree (see `subscribe_atom`).
struct supervisor_event {
  event_kind kind = event_kind::starting;

  /// The child's path: its id behind those of the supervisors above it, with `/` between.
  std::string path;

  std::uint64_t generation = 0;

  /// The process id if the child is a peer that runs, or has just ended.
  std::optional<std::int64_t> process_id;

  /// How the child ended, or why it could not be started.
  error reason;

  /// The time until the restart.
  caf::timespan delay{0};

  caf::timestamp when;
};

template <class Inspector>
bool inspect(Inspector& f, supervisor_event& x) {
  return f.object(x).fields(f.field("kind", x.kind), f.field("path", x.path), f.field("generation", x.generation),
                            f.field("process_id", x.process_id), f.field("reason", x.reason), f.field("delay", x.delay),
                            f.field("when", x.when));
}

/// One line for people: "db/worker: exited, generation 3, process 4711: …".
std::string describe(const supervisor_event& event);

} // namespace peer

/// @file
/// The messages of supervisors and their children. `supervisor` and `child_handle` (supervisor.hpp) wrap them for code
/// that may block.

namespace peer {

/// The state of a child, as OTP's supervisor distinguishes it.
enum class child_state : std::uint8_t {
  undefined,  ///< The child does not run (OTP: the pid `undefined`).
  starting,   ///< The child is being started and is not ready yet.
  running,    ///< The child is ready.
  stopping,   ///< The child is being stopped.
  restarting, ///< The child will be started again: its delay is not over, or the last start failed.
};

template <>
inline constexpr auto detail::enum_names<child_state> =
    std::array<std::string_view, 5>{"undefined", "starting", "running", "stopping", "restarting"};

// -- children ---------------------------------------------------------------------------------------------------------

/// A call that may wait until its child is up.
struct patient_call {
  call_request request;

  /// How long to wait while the child is down (`caf::infinite` for ever). `request.timeout` counts from when it is up.
  caf::timespan wait{0};

  /// The only generation that may answer: after its end the call fails with `errc::noproc`.
  std::optional<std::uint64_t> generation = std::nullopt;
};

template <class Inspector>
bool inspect(Inspector& f, patient_call& x) {
  return f.object(x).fields(f.field("request", x.request), f.field("wait", x.wait),
                            f.field("generation", x.generation));
}

/// The state of a child, as its supervisor knows it.
struct child_info {
  std::string id;
  std::string path; ///< from the root of the tree, its own id included
  child_type type = child_type::worker;

  /// "actor", "peer", "erlang" (a peer whose program is `erl`) or "supervisor".
  std::string kind;

  child_state state = child_state::undefined;
  std::uint64_t generation = 0; ///< number of its starts
  std::uint64_t restarts = 0;   ///< number of its starts by a restart rule

  /// The process id of a peer that runs; else nothing.
  std::optional<std::int64_t> process_id;

  /// When this generation was started.
  caf::timestamp since;

  /// How the child ended the last time, or why it could not be started; no error if neither has happened, or for
  /// `normal`.
  error last_end;

  /// Limits of `child_spec::start` that are not in force, and why.
  std::vector<std::string> limits_off;

  /// Represents the child as long as its spec exists: a `child_actor`.
  caf::actor handle;
};

template <class Inspector>
bool inspect(Inspector& f, child_info& x) {
  return f.object(x).fields(f.field("id", x.id), f.field("path", x.path), f.field("type", x.type),
                            f.field("kind", x.kind), f.field("state", x.state), f.field("generation", x.generation),
                            f.field("restarts", x.restarts), f.field("process_id", x.process_id),
                            f.field("since", x.since), f.field("last_end", x.last_end),
                            f.field("limits_off", x.limits_off), f.field("handle", x.handle));
}

/// A child, whatever runs as the child and wherever: the actor stays the same across restarts and exits when the spec
/// is deleted.
///
/// It answers what a control actor answers. Only the generation that is up when a request arrives answers it: if that
/// generation ends, the request fails with its end. While the child is down (not ready), requests fail with
/// `errc::noconnection`, except for a `patient_call`; casts and messages are dropped.
///
/// A child that is an actor of this process receives a `call_request` and a `cast_request` unchanged (see
/// `peer::functions`), and the content of a `send_request` as a message, whatever name it was sent to.
using child_actor = caf::typed_actor<
    // Calls a function.
    caf::result<encoded_term>(call_request),
    // Calls a function, after waiting for the child if it is down. Fails with `errc::noconnection` when the time is
    // over, and with `errc::overload` if `child_spec::max_waiting` calls wait already.
    caf::result<encoded_term>(patient_call),
    // Starts a function.
    caf::result<void>(cast_request),
    // Sends a message.
    caf::result<void>(send_request),
    // Returns the state of the child.
    caf::result<child_info>(get_state_atom),
    // From an actor whose spec has `says_ready`: that generation is ready.
    caf::result<void>(ready_atom, std::uint64_t)>;

// -- supervisors ------------------------------------------------------------------------------------------------------

/// The answer to `count_children_atom` (OTP: supervisor:count_children/1).
struct child_counts {
  std::size_t specs = 0;
  std::size_t active = 0; ///< children that run
  std::size_t supervisors = 0;
  std::size_t workers = 0;
};

template <class Inspector>
bool inspect(Inspector& f, child_counts& x) {
  return f.object(x).fields(f.field("specs", x.specs), f.field("active", x.active),
                            f.field("supervisors", x.supervisors), f.field("workers", x.workers));
}

/// A supervisor, to be linked to and monitored. Its children end if it is killed.
///
/// An exit message with a reason, from any actor, makes it stop its children in reverse order and then exit with that
/// reason; so does the normal exit of its parent. `exit_reason::kill` ends it and its children at once.
///
/// Errors that OTP has an atom for are `errc`s of that name: `already_started`, `already_present`, `not_found`,
/// `running`, `restarting`, `simple_one_for_one`. Requests that change children wait while others are being started or
/// stopped.
using supervisor_actor = caf::typed_actor<
    // Answers when all children are ready; fails with `errc::failed_to_start_child`.
    caf::result<void>(await_boot_atom),
    // Adds a child and starts it; the spec is deleted if that fails.
    caf::result<child_info>(start_child_atom, child_spec),
    // The same under `simple_one_for_one`, with arguments for the child: `child_context::arguments` of an actor, more
    // arguments of a peer's program (text as it is, other terms in Erlang's syntax).
    caf::result<child_info>(start_child_atom, std::vector<term>),
    // Stops a child. Its spec stays, unless the child is temporary or one of `simple_one_for_one`.
    caf::result<void>(terminate_child_atom, std::string),
    // Starts a child that was stopped or has ended.
    caf::result<child_info>(restart_child_atom, std::string),
    // Deletes the spec of a child that does not run.
    caf::result<void>(delete_child_atom, std::string),
    // The children, in the order in which they were started (OTP: the reverse order).
    caf::result<std::vector<child_info>>(which_children_atom), caf::result<child_counts>(count_children_atom),
    caf::result<child_spec>(get_childspec_atom, std::string),
    // A child anywhere below it, by its path from here.
    caf::result<child_info>(find_child_atom, std::string),
    // A supervisor below it, by its path: a `supervisor_actor`, valid until a restart. Itself for "".
    caf::result<caf::actor>(find_supervisor_atom, std::string),
    // Replaces the children by those of the spec. Those with an equal `child_spec::revision` go on; see
    // `supervisor::apply`.
    caf::result<void>(apply_atom, supervisor_spec),
    // Sends all events of the whole tree to that actor, as `supervisor_event`s, until one of them exits.
    caf::result<void>(subscribe_atom, caf::actor), caf::result<void>(unsubscribe_atom, caf::actor),
    // Stops the children and then itself, and answers when that is done.
    caf::result<void>(stop_atom)>;

} // namespace peer

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(peer::child_spec)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(peer::supervisor_spec)

CAF_BEGIN_TYPE_ID_BLOCK(libpeer_supervision, caf::first_custom_type_id + 1910)

CAF_ADD_TYPE_ID(libpeer_supervision, (peer::child_actor))
CAF_ADD_TYPE_ID(libpeer_supervision, (peer::supervisor_actor))

CAF_END_TYPE_ID_BLOCK(libpeer_supervision)
