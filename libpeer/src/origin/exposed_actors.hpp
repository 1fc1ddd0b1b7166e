// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include "caf/actor.hpp"
#include "caf/actor_addr.hpp"

#include <cstdint>
#include <map>

namespace peer::internal::origin {

/// The actors of this program that a peer may send to, by their pids. Does not keep them alive.
class exposed_actors {
public:
  /// Returns the pid of an actor; the same one each time. No node has the name in it, `libpeer@origin`: a message that
  /// Erlang code sends to the pid directly is dropped, instead of reaching a process of the peer.
  pid add(const caf::actor& whom);

  /// The actor with that pid; null if there is none or if it has been destroyed.
  caf::actor find(const pid& id) const;

private:
  std::map<std::uint32_t, caf::actor_addr> actors_;
  std::map<caf::actor_addr, std::uint32_t> ids_;
};

} // namespace peer::internal::origin
