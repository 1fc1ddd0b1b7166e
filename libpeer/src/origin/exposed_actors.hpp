// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include "caf/actor.hpp"
#include "caf/actor_addr.hpp"

#include <cstdint>
#include <map>

namespace peer::internal::origin {

/// The actors of this program that a peer may send to, by the pids that stand for them. Keeps none of them alive.
class exposed_actors {
public:
  /// Gives `whom` a pid, the one that it has already if so. Its node's name, `libpeer@origin`, is nobody's, so that
  /// Erlang code which sends to it directly reaches nobody, instead of a process of its own.
  pid add(const caf::actor& whom);

  /// The actor behind `id`; null if there is none, or none any more.
  caf::actor find(const pid& id) const;

private:
  std::map<std::uint32_t, caf::actor_addr> actors_;
  std::map<caf::actor_addr, std::uint32_t> ids_;
};

} // namespace peer::internal::origin
