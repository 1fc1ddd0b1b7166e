// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include "caf/actor.hpp"
#include "caf/actor_addr.hpp"
#include "caf/fwd.hpp"

#include <cstddef>
#include <map>

namespace peer::internal::origin {

/// The actors of this program that a peer may send to, by their pids. Does not keep them alive.
///
/// Pids are random, so that a peer sends to no actor whose pid it was not given. No node has the name in them,
/// `libpeer@origin`: a message that Erlang code sends to the pid directly is dropped, instead of reaching a process of
/// the peer.
class exposed_actors {
public:
  /// Returns the pid of an actor; the same one each time until it is removed. Fails with `errc::system_failure`.
  caf::expected<pid> add(const caf::actor& whom);

  /// Invalidates the actor's pid, if it has one.
  void remove(const caf::actor& whom);

  /// The actor with that pid; null if there is none or if it has been destroyed.
  caf::actor find(const pid& id) const;

  /// Pids that are kept, with those of some actors that have ended.
  std::size_t size() const noexcept { return actors_.size(); }

private:
  void prune();

  std::map<pid, caf::actor_addr> actors_;
  std::map<caf::actor_addr, pid> ids_;
  std::size_t prune_above_ = 64;
};

} // namespace peer::internal::origin
