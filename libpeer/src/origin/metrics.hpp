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

/// What became of a call.
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

/// What one peer adds to the metrics that CAF keeps for an actor system (`caf::actor_system::metrics`); docs/design.md
/// lists them. They are looked up once, which takes locks; after that each function is a few atomic operations.
///
/// Belongs to the control actor, and must be told to `leave` as long as the actor system lives.
class metrics {
public:
  /// Adds a control actor whose peer has not booted.
  explicit metrics(caf::actor_system& sys);

  // -- the peer ---

  /// The peer is being started. Its end follows, be it that the system does not start it.
  void starts();

  /// The peer is in another state.
  void enters(peer_state next);

  /// The peer has ended. Does nothing if it was never started, or has ended before.
  void ends(evidence first);

  /// The control actor exits.
  void leave();

  // -- calls ---

  /// A call has been sent.
  void call_sent();

  /// A call that was sent is over.
  void call_ended(call_result how);

  /// That long did it take until the peer answered a call.
  void call_took(caf::timespan time);

  /// A call has not been sent.
  void call_refused();

  // -- the connection ---

  /// What passes over the connection has changed.
  void traffic(const connection::channel& over);

  /// What waited for the peer waits no more.
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

  bool started_ = false; ///< and has not ended
  std::optional<peer_state> state_;
  std::uint64_t sent_before_ = 0;
  std::uint64_t received_before_ = 0;
  std::size_t queued_before_ = 0;
};

} // namespace peer::internal::origin
