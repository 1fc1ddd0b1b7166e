// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/pinned.hpp"
#include "origin/incarnation.hpp"
#include "peer/supervisor_actor.hpp"

#include "caf/actor.hpp"
#include "caf/actor_addr.hpp"
#include "caf/fwd.hpp"
#include "caf/skip.hpp"

#include <memory>
#include <set>
#include <string>

namespace peer::internal::supervisor {

/// State shared by all supervisors and children of one tree. They live on the same loop, so that no locks are needed.
struct tree_context {
  tree_context(loop::habitat where_, origin::launcher launch_) : where(std::move(where_)), launch(std::move(launch_)) {}

  /// Sends the event to the subscribers.
  void publish(const supervisor_event& event);

  loop::habitat where;
  origin::launcher launch; ///< starts peers
  std::set<caf::actor_addr> subscribers;
  std::set<caf::actor_addr> actors; ///< all actors of the tree; none may become a child twice
};

/// Answers unknown requests to a supervisor or a child; drops other messages.
caf::skippable_result refuse_strays(caf::scheduled_actor* self, caf::message& what);

using tree_context_ptr = std::shared_ptr<tree_context>;

} // namespace peer::internal::supervisor
