// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/control_actor.hpp"
#include "peer/detail/remote_calls.hpp"
#include "peer/options.hpp"

#include "caf/expected.hpp"
#include "caf/fwd.hpp"

#include <memory>
#include <string_view>
#include <utility>

namespace peer::internal::origin {

class cast_window;

} // namespace peer::internal::origin

namespace peer {

/// A started peer, for code that may block: a thin layer over the messages of `control_actor`. Actors that must not
/// block send those messages to `actor()`.
///
/// A handle is a value: copies refer to the same peer, and destroying the last one does not stop it. Functions block.
/// Call them from any thread except the loop's, never from an event-based actor. The actor system must outlive the
/// call.
///
/// `cast` and `send` block when `defaults::cast_window` bytes of them, from all copies of the handle together, are in
/// the mailbox of the control actor. They continue when it has taken these, or after the time-out for calls.
class handle : public detail::remote_calls<handle> {
public:
  // -- constructors ---

  handle(caf::actor_system& sys, control_actor control, atom node);

  // -- properties ---

  /// The peer's control actor: link to it, monitor it, send it messages.
  const control_actor& actor() const noexcept { return control_; }

  /// The node's name; `nonode@nohost` if it is not distributed. If `start` did not wait for the boot: the name with its
  /// host if both are options, else `''`.
  const atom& node() const noexcept { return node_; }

  /// The same peer with another time-out for calls; `caf::infinite` for none.
  handle within(caf::timespan timeout) const;

  // -- state ---

  /// Waits until the peer has reported that it is ready for its work: a C++ peer with `node::ready`, an `erl` with
  /// `io:request(group_leader(), ready)`. Fails with `errc::timeout` after `timeout` (`caf::infinite` for none), with
  /// the peer's end if that comes first, and with `errc::noproc` if the control actor has exited.
  caf::expected<void> await_ready(caf::timespan timeout = caf::infinite) const;

  /// The peer's state. Fails with `errc::noproc` if the control actor has exited.
  caf::expected<peer_status> get_state() const;

  /// The state of the control actor in full, to be read by people: a map with the keys of OTP's record `peer:state()`
  /// (options, node, program, arguments, phase, sequence number, outstanding calls). Fails with `errc::noproc` if the
  /// control actor has exited.
  caf::expected<term> state() const;

  /// Gives an actor a pid that Erlang code can send to: it receives `group_leader() ! {message, Pid, Content}` as a
  /// `peer::term`, or as CAF values if `Content` was made from a `caf::message`. The peer does not keep the actor
  /// alive.
  ///
  /// A peer cannot guess pids. It can send values of types that this program has registered with CAF, and of CAF's and
  /// libpeer's data types. What else it sends arrives as a `peer::term`: errors, which end most actors, and the
  /// messages with which CAF and libpeer control actors. Returns the same pid each time, until `unexpose`.
  caf::expected<pid> expose(const caf::actor& whom) const;

  /// Invalidates the pid of an actor: what the peer sends to it from now on is dropped. No effect if it has none.
  caf::error unexpose(const caf::actor& whom) const;

  /// Stops the peer in the steps of the option `shutdown`. Returns when its process has ended and was reaped; the
  /// report names the step that ended it. Fails with `errc::noproc` if the control actor has exited.
  caf::expected<stop_report> stop() const;

  /// Kills the peer and its process group at once (SIGKILL), also while it boots or is being stopped. Returns and fails
  /// as `stop` does.
  caf::expected<stop_report> kill() const;

private:
  friend detail::remote_calls<handle>;
  friend class group;

  caf::expected<encoded_term> request_call(std::string_view module, std::string_view function,
                                           byte_buffer arguments) const;
  void start_cast(std::string_view module, std::string_view function, byte_buffer arguments) const;
  void start_send(term to, byte_buffer content) const;

  caf::actor_system* sys_;
  control_actor control_;
  atom node_;
  std::shared_ptr<internal::origin::cast_window> window_; ///< shared by all copies
  caf::timespan timeout_{defaults::call_timeout};
};

/// Starts a peer and, if `wait_boot` is a time, waits until it runs. Fails with `errc::invalid_option` before anything
/// is started, or with `errc::boot_failed`, and then nothing is left of it.
caf::expected<handle> start(caf::actor_system& sys, start_options options);

/// Starts a peer that is linked to `parent`: if one ends, so does the other (`parent`'s normal end stops the peer,
/// too).
caf::expected<handle> start_link(caf::local_actor* parent, start_options options);

/// `start` for code that must not block, or that may have to stop the peer while it boots. If `wait_boot` is a time,
/// the boot begins with the first request `await_boot_atom` or `await_ready_atom`, and that time limits it; otherwise
/// it begins at once. Fails with `errc::invalid_option`.
[[nodiscard]] caf::expected<control_actor> spawn(caf::actor_system& sys, start_options options);

} // namespace peer
