// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/expected.hpp"
#include "caf/fwd.hpp"
#include "peer/control_actor.hpp"
#include "peer/detail/remote_calls.hpp"
#include "peer/options.hpp"
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

namespace peer {

/// A started peer, for code that may block: a thin layer over the messages of `control_actor`. Actors that must not
/// block send those messages to `actor()`.
///
/// A handle is a value: copies mean the same peer, and the last one's end does not stop it. All functions may be called
/// by any thread but the loop's and, as they wait, by no event-based actor. The actor system must outlive the call.
///
/// `cast` and `send` wait, too, once per `defaults::cast_window` bytes, until the control actor has taken what was
/// given to it before, but no longer than the time-out for calls: threads cannot fill its mailbox faster than it
/// empties it.
class handle : public detail::remote_calls<handle> {
public:
  // -- constructors ---

  handle(caf::actor_system& sys, control_actor control, atom node)
      : sys_(&sys),
        control_(std::move(control)),
        node_(std::move(node)),
        given_(std::make_shared<std::atomic<std::uint64_t>>(0)) {}

  // -- properties ---

  /// The peer's control actor: link to it, monitor it, send it messages.
  const control_actor& actor() const noexcept { return control_; }

  /// The node's name; `nonode@nohost` if it is not distributed. If nobody waited for its boot: the name with its host
  /// if the options tell both, else `''`.
  const atom& node() const noexcept { return node_; }

  /// The same peer with another time-out for calls. `caf::infinite` waits for ever.
  handle within(caf::timespan timeout) const;

  // -- state ---

  /// Waits until the peer, which runs, has said that it is ready for what it was started for: a C++ peer with
  /// `node::ready`, an `erl` with `io:request(group_leader(), ready)`. One that never says so is not waited for longer
  /// than `timeout` (`caf::infinite` stands for none): `errc::timeout`. Fails with the peer's end if that comes first,
  /// and with `errc::noproc` once the control actor has exited.
  caf::expected<void> await_ready(caf::timespan timeout = caf::infinite) const;

  /// The peer's state. Fails with `errc::noproc` once the control actor has exited.
  caf::expected<peer_status> get_state() const;

  /// Everything that the control actor knows, for people: a map with the keys of OTP's record `peer:state()` (options,
  /// node, program, arguments, phase, sequence number, outstanding calls). Fails with `errc::noproc` once it has
  /// exited.
  caf::expected<term> state() const;

  /// Gives `whom` a pid that Erlang code can answer: `group_leader() ! {message, Pid, Answer}` arrives at it as a
  /// `peer::term`, or as the CAF values if it is what a `caf::message` became. The peer does not keep the actor alive.
  caf::expected<pid> expose(const caf::actor& whom) const;

  /// Stops the peer as the option `shutdown` says. Returns when its process has ended and was reaped, and tells which
  /// step ended it. Fails with `errc::noproc` if the control actor has exited already.
  caf::expected<stop_report> stop() const;

  /// Kills the peer and its process group at once (SIGKILL), whatever it does: it may be booting, or somebody may be
  /// stopping it. Returns and fails as `stop` does.
  caf::expected<stop_report> kill() const;

private:
  friend detail::remote_calls<handle>;

  caf::expected<encoded_term> request_call(std::string_view module, std::string_view function,
                                           byte_buffer arguments) const;
  void start_cast(std::string_view module, std::string_view function, byte_buffer arguments) const;
  void start_send(term to, byte_buffer content) const;

  template <class Request>
  void give(Request request, std::size_t size) const;

  caf::actor_system* sys_;
  control_actor control_;
  atom node_;
  std::shared_ptr<std::atomic<std::uint64_t>> given_; ///< bytes of casts and messages, by all copies
  caf::timespan timeout_{defaults::call_timeout};
};

/// Starts a peer and, as `wait_boot` says, waits until it runs. Fails with `errc::invalid_option` before anything is
/// started, or with `errc::boot_failed`, and then nothing is left of it.
caf::expected<handle> start(caf::actor_system& sys, start_options options);

/// Starts a peer that is linked to `parent`: if one ends, so does the other (`parent`'s normal end stops the peer,
/// too).
caf::expected<handle> start_link(caf::local_actor* parent, start_options options);

} // namespace peer
