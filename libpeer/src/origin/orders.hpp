// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/timespan.hpp"

#include <optional>

namespace peer::internal::origin {

class incarnation;

/// Orders of `lifecycle`, to be carried out at once. The default has no effect.
struct orders {
  bool ask_to_stop = false; ///< Send the peer `init:stop()`.
  bool close = false;       ///< Close the connection.
  int signal = 0;           ///< Send this signal, if it is not 0.
  bool to_process = false;  ///< The signal is for the process alone, not for its group.
  bool fail_calls = false;  ///< Answer the calls: the connection has ended, but the process has not.
  bool finished = false;    ///< The peer has ended; nothing follows.

  /// Call `on_timer` after this time, replacing any earlier such order; `caf::infinite` for never. `nullopt`: leave the
  /// timer unchanged.
  std::optional<caf::timespan> timer = std::nullopt;
};

/// Carries out the orders for the process and its connection: `ask_to_stop`, `close` and `signal`.
void carry_out(const orders& what, incarnation& on);

} // namespace peer::internal::origin
