// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "origin/alarm.hpp"
#include "origin/exchange.hpp"
#include "origin/lifecycle.hpp"
#include "origin/pulse.hpp"
#include "peer/options.hpp"

#include <functional>
#include <optional>

namespace peer::internal::origin {

/// Asks one peer for a sign of life over its connection, in the way that `pulse` decides.
///
/// Belongs to the loop's thread.
class heartbeat_monitor {
public:
  /// @param self has the clock and the timer. @param how nothing if the peer is not to be asked.
  /// @param life knows whether the peer runs. @param on_hung is called when the peer hangs; nothing follows.
  /// References must outlive this object.
  heartbeat_monitor(caf::scheduled_actor& self, const std::optional<heartbeat>& how, exchange& peer,
                    const lifecycle& life, std::function<void()> on_hung);

  /// Begins, or begins anew: the boot or a suspension before it does not count. No effect unless the peer runs.
  void start();

  void stop() { alarm_.cancel(); }

private:
  void look();
  pulse::verdict verdict();

  std::optional<heartbeat> how_;
  exchange& peer_;
  const lifecycle& life_;
  std::function<void()> on_hung_;
  std::optional<pulse> pulse_; ///< nothing before `start`
  alarm alarm_;                ///< for the next look
};

} // namespace peer::internal::origin
