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

/// A started peer, for code that may block: wraps the messages of `control_actor`. Event-based actors send those
/// messages to `actor()`.
///
/// A handle is a value: copies refer to the same peer, and destroying the last one does not stop it. The functions
/// block. Call them from any thread except the loop's, never from an event-based actor. The actor system must outlive
/// the call.
///
/// `cast` and `send` block once per `defaults::cast_window` bytes until the control actor has handled the earlier ones,
/// at most for the time-out of calls. So threads cannot fill its mailbox faster than it is drained.
class handle : public detail::remote_calls<handle> {
public:
  // -- constructors ---

  handle(caf::actor_system& sys, control_actor control, atom node)
      : sys_(&sys),
        control_(std::move(control)),
        node_(std::move(node)),
        given_(std::make_shared<std::atomic<std::uint64_t>>(0)) {}

  // -- properties ---

  /// The peer's control actor, for links, monitors and messages.
  const control_actor& actor() const noexcept { return control_; }

  /// The node's name; `nonode@nohost` if it is not distributed. If `start` did not wait for the boot: `name@host` if
  /// the options have both, else `''`.
  const atom& node() const noexcept { return node_; }

  /// A handle of the same peer with another time-out for calls; `caf::infinite` for none.
  handle within(caf::timespan timeout) const;

  // -- state ---

  /// Waits until the running peer has reported that it is ready for its work: a C++ peer with `node::ready`, an `erl`
  /// with `io:request(group_leader(), ready)`. Fails with `errc::timeout` after `timeout` (`caf::infinite`: no limit),
  /// with the peer's end if that comes first, and with `errc::noproc` once the control actor has exited.
  caf::expected<void> await_ready(caf::timespan timeout = caf::infinite) const;

  /// The peer's state. Fails with `errc::noproc` once the control actor has exited.
  caf::expected<peer_status> get_state() const;

  /// The control actor's state for inspection: a map with the keys of OTP's record `peer:state()` (options, node,
  /// program, arguments, phase, sequence number, outstanding calls). Fails with `errc::noproc` once it has exited.
  caf::expected<term> state() const;

  /// Returns a pid for `whom`, to which Erlang code can send with `group_leader() ! {message, Pid, Answer}`. The actor
  /// receives a `peer::term`, or the values of a `caf::message` if the term is the image of one. The pid does not keep
  /// the actor alive.
  caf::expected<pid> expose(const caf::actor& whom) const;

  /// Stops the peer as the option `shutdown` says. Returns when its process was reaped and its group has ended; the
  /// report has the step that ended it. Fails with `errc::noproc` if the control actor has exited.
  caf::expected<stop_report> stop() const;

  /// Sends SIGKILL to the peer and its process group at once, also while it boots or is being stopped. Returns and
  /// fails as `stop` does.
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

/// Starts a peer and waits until it runs, as `start_options::wait_boot` says. Blocks; call it from any thread except
/// the loop's. Fails with `errc::invalid_option` before anything is started, or with `errc::boot_failed`; then no
/// process is left.
caf::expected<handle> start(caf::actor_system& sys, start_options options);

/// Starts a peer as `start` does and links its control actor to `parent`: if one ends, so does the other. A normal exit
/// of `parent` stops the peer, too.
caf::expected<handle> start_link(caf::local_actor* parent, start_options options);

} // namespace peer
