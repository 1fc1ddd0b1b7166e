// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/control_actor.hpp"
#include "peer/error.hpp"
#include "peer/failure.hpp"
#include "peer/options.hpp"
#include "peer/process.hpp"

#include <optional>
#include <string>

namespace peer::internal::origin {

/// What the control actor has to do next. Everything in it at once; the default is nothing.
struct orders {
  bool ask_to_stop = false; ///< Send the peer `init:stop()`.
  bool close = false;       ///< Close the connection.
  int signal = 0;           ///< Send this signal, if it is not 0.
  bool to_process = false;  ///< It is for the process alone, not for its group.
  bool finished = false;    ///< The peer has ended; nothing follows.

  /// Call `on_timer` after this time, instead of any earlier such order; `caf::infinite` for never. Nothing: leave the
  /// timer as it is.
  std::optional<caf::timespan> timer = std::nullopt;
};

/// One peer's way from boot to end, as a machine without clock or I/O: evidence in, orders out.
///
///     booting ──started──▶ running ──stop──▶ asked ──┐
///        │                    │                      │ time-out
///        └── stop, time-out, end of stream ──▶ closed ──▶ terminating ──▶ killing ──▶ down
///                             running ──no heartbeat──▶ aborting ────────────┘
///
/// The exit of the process leads to `down` from everywhere, at once, and `on_kill` to `killing`. Every other way to
/// `down` is bounded by timers: a peer whose connection has ended is given `defaults::exit_grace` to tell its exit
/// status and is then killed. A time that `shutdown` names is the time for all steps together: the last quarter of it,
/// but at most `defaults::term_timeout`, is for the peer to follow SIGTERM, and when it is over comes SIGKILL.
class lifecycle {
public:
  /// @param boot_limit how long the boot may take.
  explicit lifecycle(caf::timespan boot_limit) noexcept : boot_limit_(boot_limit) {}

  // -- evidence ---

  /// The process runs.
  orders on_spawned();

  /// The peer has connected; where the connection is there before the process, nobody says so.
  void on_connected();

  /// The peer said `started`.
  orders on_started();

  /// The stream has ended; `why` is empty unless something was wrong with it.
  orders on_closed(const error& why);

  /// The process has ended.
  orders on_exit(const exit_status& status);

  /// The peer hangs.
  orders on_hung(const heartbeat& how);

  /// Somebody wants the peer to stop.
  orders on_stop(const shutdown_option& how);

  /// Somebody wants the peer to end at once, even if it is ending already.
  orders on_kill();

  /// The time ordered last has passed.
  orders on_timer();

  // -- properties ---

  bool down() const noexcept { return state_ == state::down; }

  /// Whether messages can be sent to the peer.
  bool connected() const noexcept {
    return state_ == state::booting || state_ == state::running || state_ == state::asked;
  }

  bool started() const noexcept { return started_; }

  /// How far the peer had come before anything ended it.
  phase reached() const noexcept { return reached_; }

  /// What was seen first of the end.
  evidence first() const noexcept { return first_; }

  /// The same as a sentence; empty if the process simply ended, or was stopped.
  const std::string& cause() const noexcept { return cause_; }

  /// Whether the end began with the stream, not with the process or a request.
  bool connection_lost() const noexcept { return first_ == evidence::end_of_stream || first_ == evidence::violation; }

  /// The exit status, once the process has ended.
  const std::optional<exit_status>& status() const noexcept { return status_; }

  /// The last step that was taken to end the peer.
  stop_step last_step() const noexcept { return step_; }

private:
  enum class state { booting, running, asked, closed, aborting, terminating, killing, down };

  orders close_and_wait(caf::timespan grace, bool then_terminate);
  caf::timespan time_before_signals(caf::timespan total);
  void note(evidence what);
  orders terminate();
  orders kill();
  orders finish();

  caf::timespan boot_limit_;
  state state_ = state::booting;
  bool then_terminate_ = false; ///< in `closed`: SIGTERM comes before SIGKILL
  bool started_ = false;
  phase reached_ = phase::spawn;
  evidence first_ = evidence::none;
  std::string cause_;
  caf::timespan term_patience_{defaults::term_timeout}; ///< between SIGTERM and SIGKILL
  std::optional<exit_status> status_;
  stop_step step_ = stop_step::none;
};

} // namespace peer::internal::origin
