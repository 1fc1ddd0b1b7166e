// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "origin/orders.hpp"
#include "peer/control_actor.hpp"
#include "peer/error.hpp"
#include "peer/failure.hpp"
#include "peer/options.hpp"
#include "peer/process.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace peer::internal::origin {

/// The state of one peer from its start to its end, as a machine without clock or I/O: evidence in, orders out. It
/// keeps the only record of the end: the evidence in its order, the request for it, and the resulting error.
///
///     created ──spawned──▶ booting ──started──▶ running ──stop──▶ asked ──┐
///        │                    │                    │                      │ time-out
///        │                    └─ stop, time-out, end of stream ──▶ closed ──▶ terminating ──▶ killing ──▶ down
///        │                                 running ──no heartbeat──▶ aborting ────────────┘                ▲
///        └── not started, stop ────────────────────────────────────────────────────────────────────────────┘
///
/// The exit of the process leads to `down` from everywhere, at once, and `on_kill` to `killing`. Every other way to
/// `down` is bounded by timers. A peer that closes the connection has the time of the option `shutdown` to exit by
/// itself; one that violates the protocol, or is stopped with `shutdown_close`, has `defaults::exit_grace`. A time in
/// the option is for all steps together: its last quarter, but at most `defaults::term_timeout`, is the time between
/// SIGTERM and SIGKILL.
///
/// The end of the stream and of the process are noticed in callbacks that may not destroy the peer's incarnation.
/// `on_closed` and `on_exit` therefore only record them; `next` returns the orders that follow.
class lifecycle {
public:
  /// The option `wait_boot` limits the boot; without a time it has `defaults::boot_limit`.
  explicit lifecycle(const wait_boot_option& how) noexcept;

  /// How long a peer that has closed the connection may take to exit. @param chosen whether the user has set the
  /// option: if not, a process that still writes gets more time. Without a call it is `shutdown_close`.
  void set_shutdown(const shutdown_option& how, bool chosen);

  // -- evidence ---

  /// The output of the process is being opened, which may take long.
  orders on_opening() const { return {.timer = boot_limit_}; }

  /// The process is being started.
  orders on_spawned();

  /// The process could not be started. Nothing else follows.
  orders on_not_started(const error& why);

  /// The peer has connected. Not called if the connection exists before the process.
  void on_connected();

  /// The peer has sent `started`.
  orders on_started();

  /// Records the end of the stream; `why` is empty if the peer closed it. Returns false if that was recorded before.
  bool on_closed(error why);

  /// Records the exit of the process, and which descendants it left behind.
  void on_exit(const exit_status& status, std::vector<survivor> survivors = {});

  /// What follows from the evidence recorded since the last call.
  orders next();

  /// The peer does not answer the heartbeat.
  orders on_hung(const heartbeat& how);

  /// The peer is to stop. @param then what the control actor exits with afterwards; no error for `normal`. Only the
  /// first request counts for that.
  orders on_stop(const shutdown_option& how, error then = {});

  /// The peer is to end at once, even if it is ending already. @param then as above
  orders on_kill(error then = {});

  /// The time ordered last has passed. @param writes whether the process has written anything since the last call
  orders on_timer(bool writes = false);

  /// Notes the error that describes the end, when the peer is down.
  void conclude(error why) { reason_ = std::move(why); }

  // -- properties ---

  /// Whether nothing is left of the peer.
  bool down() const noexcept { return stage_ == stage::down; }

  /// Whether messages can be sent to the peer.
  bool connected() const noexcept { return !stream_end_ && accepts_messages(); }

  bool stream_ended() const noexcept { return stream_end_.has_value(); }

  /// Whether the peer has sent `started`, also if it has ended since.
  bool started() const noexcept { return started_; }

  /// Whether the peer has started and nothing of an end has been seen or asked for.
  bool running() const noexcept { return stage_ == stage::running && !stream_end_ && !status_; }

  /// The state for users. It is `down` as soon as `conclude` was called.
  peer_state state() const noexcept;

  /// The phase that the peer had reached before its end began.
  phase reached() const noexcept { return reached_; }

  /// The first evidence of the end.
  evidence first() const noexcept { return first_; }

  /// The same as a sentence; empty if the process ended by itself or was stopped.
  const std::string& cause() const noexcept { return cause_; }

  /// The system's error number if the process could not be started, otherwise 0.
  std::int32_t error_number() const noexcept { return error_number_; }

  /// Whether the end began with the stream, not with the process or a request.
  bool connection_lost() const noexcept { return first_ == evidence::end_of_stream || first_ == evidence::violation; }

  /// The exit status, once the process has ended.
  const std::optional<exit_status>& status() const noexcept { return status_; }

  const std::vector<survivor>& survivors() const noexcept { return survivors_; }

  /// The last step that was taken to end the peer.
  stop_step last_step() const noexcept { return step_; }

  /// The error that describes the end; no error before `conclude`.
  const error& reason() const noexcept { return reason_; }

  /// The answer to a request to stop.
  stop_report report() const { return {step_, status_, survivors_}; }

  /// What the control actor exits with after the end, by the options `peer_down` and `wait_boot`; no error for
  /// `normal`. Nothing if it stays.
  std::optional<error> exit_reason(const start_options& options) const;

private:
  enum class stage { created, booting, running, asked, closed, aborting, terminating, killing, down };

  bool accepts_messages() const noexcept;
  orders follow_end_of_stream();
  orders follow_exit();
  void note_request(error then);
  orders stopped_before_start();
  orders close_and_wait(caf::timespan grace, bool then_terminate);
  caf::timespan time_before_signals(caf::timespan total);
  void note(evidence what);
  orders patience_is_over(bool writes);
  orders terminate();
  orders kill();
  orders finish();

  caf::timespan boot_limit_;
  shutdown_option shutdown_ = shutdown_close{};
  bool shutdown_chosen_ = true;
  stage stage_ = stage::created;
  bool then_terminate_ = false; ///< in `closed`: SIGTERM comes before SIGKILL
  bool may_write_on_ = false;   ///< in `closed`: not ended as long as it writes
  caf::timespan rest_{0};       ///< in `closed`: the time that is left after the one ordered
  bool started_ = false;
  phase reached_ = phase::spawn;
  evidence first_ = evidence::none;
  std::string cause_;
  std::int32_t error_number_ = 0;
  caf::timespan term_patience_{defaults::term_timeout}; ///< between SIGTERM and SIGKILL
  std::optional<error> stream_end_;                     ///< why the stream has ended, once it has
  bool stream_end_followed_ = false;                    ///< by `next`
  std::optional<exit_status> status_;
  std::vector<survivor> survivors_;
  stop_step step_ = stop_step::none;
  std::optional<error> then_; ///< after a request to stop: what to exit with
  error reason_;
};

} // namespace peer::internal::origin
