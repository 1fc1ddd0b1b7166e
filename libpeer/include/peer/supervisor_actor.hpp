// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/actor.hpp"
#include "caf/allowed_unsafe_message_type.hpp"
#include "caf/timespan.hpp"
#include "caf/timestamp.hpp"
#include "caf/typed_actor.hpp"
#include "peer/child_spec.hpp"
#include "peer/control_actor.hpp"
#include "peer/detail/enum_names.hpp"
#include "peer/error.hpp"
#include "peer/type_ids.hpp"
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace peer {

/// What happens to children.
enum class event_kind : std::uint8_t {
  starting,     ///< It is being started.
  started,      ///< It runs, and may have to become ready.
  ready,        ///< It is ready: calls reach it.
  start_failed, ///< It could not be started, or did not become ready.
  exited,       ///< It ended by itself.
  restarting,   ///< It will be started again, after `delay`.
  stopping,     ///< It is being stopped.
  stopped,      ///< It has ended because it was stopped.
  gave_up,      ///< Its supervisor stops since there were too many restarts; this one's was the last.
  removed,      ///< Its spec is gone.
};

template <>
inline constexpr auto detail::enum_names<event_kind> =
    std::array<std::string_view, 10>{"starting",   "started",  "ready",   "start_failed", "exited",
                                     "restarting", "stopping", "stopped", "gave_up",      "removed"};

/// What subscribers of a tree receive (see `subscribe_atom`).
struct supervisor_event {
  event_kind kind = event_kind::starting;

  /// The child's path: its id behind those of the supervisors above it, with `/` between.
  std::string path;

  std::uint64_t generation = 0;

  /// The process's id if the child is a peer that runs, or has just ended.
  std::optional<std::int64_t> process_id;

  /// How it ended, or why it could not be started.
  error reason;

  /// Until it is restarted.
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
/// The messages that supervisors and their children understand. `supervisor` and `child_handle` (supervisor.hpp) wrap
/// them for code that may block.

namespace peer {

/// What a child does, as OTP's supervisor sees it.
enum class child_state : std::uint8_t {
  undefined,  ///< It does not run (OTP: the pid `undefined`).
  starting,   ///< It was told to start and is not ready yet.
  running,    ///< It is ready.
  stopping,   ///< It was told to stop.
  restarting, ///< It will be started again: it waits for that, or could not be started the last time.
};

template <>
inline constexpr auto detail::enum_names<child_state> =
    std::array<std::string_view, 5>{"undefined", "starting", "running", "stopping", "restarting"};

// -- children ---------------------------------------------------------------------------------------------------------

/// A call that may wait for its child.
struct patient_call {
  call_request request;

  /// How long to wait while the child is down (`caf::infinite` for ever). `request.timeout` counts from when it is up.
  caf::timespan wait{0};

  /// The only generation that may answer: when that is over, the call fails with `errc::noproc`.
  std::optional<std::uint64_t> generation = std::nullopt;
};

template <class Inspector>
bool inspect(Inspector& f, patient_call& x) {
  return f.object(x).fields(f.field("request", x.request), f.field("wait", x.wait),
                            f.field("generation", x.generation));
}

/// A child, as its supervisor knows it.
struct child_info {
  std::string id;
  std::string path; ///< from the root of the tree, its own id included
  child_type type = child_type::worker;

  /// What it is: "actor", "peer", "erlang" (a peer whose program is `erl`) or "supervisor".
  std::string kind;

  child_state state = child_state::undefined;
  std::uint64_t generation = 0; ///< counts its starts
  std::uint64_t restarts = 0;   ///< those of them that a restart rule made

  /// The process's id; nothing unless it is a peer that runs.
  std::optional<std::int64_t> process_id;

  /// When this generation was started.
  caf::timestamp since;

  /// How it ended the last time, or why it could not be started; no error if that has not happened, or for `normal`.
  error last_end;

  /// Limits that were asked for and are off, and why.
  std::vector<std::string> limits_off;

  /// Stands for the child as long as its spec exists: a `child_actor`.
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

/// One child, whatever runs it and wherever: it stays the same through all restarts and exits when its spec is dropped.
///
/// It answers what a control actor answers. A request goes to the generation that is up when it comes, and nobody else
/// answers it: when that generation ends, the request fails with its end. While the child is down (not ready, that is),
/// requests fail with `errc::noconnection`, but for a `patient_call`; casts and messages are dropped.
///
/// A child that is an actor of this process receives a `call_request` and a `cast_request` as they are (see
/// `peer::functions`), and the content of a `send_request` as the message that it is, whatever name it was sent to.
using child_actor = caf::typed_actor<
    // Calls a function.
    caf::result<encoded_term>(call_request),
    // Calls a function, and waits for the child before if need be. Fails with `errc::noconnection` when the time is
    // over, and with `errc::overload` if `child_spec::max_waiting` wait already.
    caf::result<encoded_term>(patient_call),
    // Starts a function.
    caf::result<void>(cast_request),
    // Sends a message.
    caf::result<void>(send_request),
    // Tells what is known of it.
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

/// A supervisor. Link to it, monitor it. Its children end if it is killed.
///
/// An exit message with a reason, from whomever, makes it stop its children in reverse order and then exit with that
/// reason; so does its parent's normal exit. `exit_reason::kill` ends it and its children at once.
///
/// Errors that OTP has an atom for are `errc`s of that name: `already_started`, `already_present`, `not_found`,
/// `running`, `restarting`, `simple_one_for_one`. Requests wait while children are being started or stopped.
using supervisor_actor = caf::typed_actor<
    // Waits until all children are ready; fails with what went wrong.
    caf::result<void>(await_boot_atom),
    // Adds a child and starts it; the spec is dropped if that fails.
    caf::result<child_info>(start_child_atom, child_spec),
    // The same under `simple_one_for_one`, with arguments for the child: `child_context::arguments` of an actor, more
    // arguments of a peer's program (text as it is, other terms in Erlang's syntax).
    caf::result<child_info>(start_child_atom, std::vector<term>),
    // Stops a child. Its spec stays, unless the child is temporary or one of `simple_one_for_one`.
    caf::result<void>(terminate_child_atom, std::string),
    // Starts a child that was stopped or has ended.
    caf::result<child_info>(restart_child_atom, std::string),
    // Drops the spec of a child that does not run.
    caf::result<void>(delete_child_atom, std::string),
    // Its children, in the order in which they were started (OTP: the reverse one).
    caf::result<std::vector<child_info>>(which_children_atom), caf::result<child_counts>(count_children_atom),
    caf::result<child_spec>(get_childspec_atom, std::string),
    // A child anywhere below it, by its path from here.
    caf::result<child_info>(find_child_atom, std::string),
    // A supervisor below it, by its path: a `supervisor_actor`, which does not survive a restart. Itself for "".
    caf::result<caf::actor>(find_supervisor_atom, std::string),
    // Makes the children what the spec says. Those with an equal `child_spec::revision` go on; see
    // `supervision::apply`.
    caf::result<void>(apply_atom, supervisor_spec),
    // Sends all events of the whole tree to that actor, as `supervisor_event`s, as long as both live.
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
