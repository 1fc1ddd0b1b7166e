// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "connection/channel.hpp"
#include "peer/control_actor.hpp"
#include "peer/detail/enum_names.hpp"
#include "peer/failure.hpp"

#include "caf/fwd.hpp"
#include "caf/timespan.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>

namespace peer::internal::origin {

/// How a call ended.
enum class call_result : std::uint8_t {
  ok,        ///< It returned.
  exception, ///< It ended with an exception.
  timeout,   ///< Its time passed.
  lost,      ///< The peer ended, or its answer was damaged.
  refused,   ///< It was not sent.
};

} // namespace peer::internal::origin

template <>
inline constexpr auto peer::detail::enum_names<peer::internal::origin::call_result> =
    std::array<std::string_view, 5>{"ok", "exception", "timeout", "lost", "refused"};

namespace peer::internal::origin {

/// Adds one peer to the metrics of its actor system (`caf::actor_system::metrics`); docs/design.md lists them. The
/// constructor takes locks; each other function is a few atomic operations.
///
/// Belongs to the control actor. Call `leave` before the actor system ends.
class metrics {
public:
  /// Adds a control actor whose peer has not booted.
  explicit metrics(caf::actor_system& sys);

  // -- the peer ---

  /// The peer is being started. Always followed by `ends`, even if the process cannot be started.
  void starts();

  /// The peer is in another state.
  void enters(peer_state next);

  /// The peer has ended. No effect if it was never started or has ended before.
  void ends(evidence first);

  /// Output of the peer could not be written.
  void output_failed();

  /// The control actor exits.
  void leave();

  // -- calls ---

  /// A call has been sent.
  void call_sent();

  /// A call that was sent is over.
  void call_ended(call_result how);

  /// Time from sending a call to receiving its answer.
  void call_took(caf::timespan time);

  /// A call has not been sent.
  void call_refused();

  // -- the connection ---

  /// Adds what has passed over the connection since the last time.
  void traffic(const connection::channel& over);

  /// The queue to the peer is empty.
  void drop_queue();

private:
  caf::telemetry::metric_registry& registry_;
  std::array<caf::telemetry::int_gauge*, detail::enum_names<peer_state>.size()> peers_;
  caf::telemetry::int_counter* starts_;
  std::array<caf::telemetry::int_counter*, detail::enum_names<call_result>.size()> calls_;
  caf::telemetry::dbl_histogram* call_duration_;
  caf::telemetry::int_gauge* outstanding_;
  caf::telemetry::int_counter* sent_;
  caf::telemetry::int_counter* received_;
  caf::telemetry::int_gauge* queued_;
  caf::telemetry::int_counter* output_failures_;

  bool started_ = false; ///< and has not ended
  std::optional<peer_state> state_;
  std::uint64_t sent_before_ = 0;
  std::uint64_t received_before_ = 0;
  std::size_t queued_before_ = 0;
};

} // namespace peer::internal::origin
