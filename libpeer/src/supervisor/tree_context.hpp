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

/// What all supervisors and children of one tree share. They all live on the same loop, and so nobody locks anything.
struct tree_context {
  tree_context(loop::habitat where_, origin::launcher launch_) : where(std::move(where_)), launch(std::move(launch_)) {}

  /// Sends the event to those who want to know.
  void publish(const supervisor_event& event);

  loop::habitat where;
  origin::launcher launch; ///< starts peers
  std::set<caf::actor_addr> subscribers;
  std::set<caf::actor_addr> actors; ///< that are part of the tree, so that none is made a child once more
};

/// Answers requests that a supervisor or a child does not understand; drops other messages.
caf::skippable_result refuse_strays(caf::scheduled_actor* self, caf::message& what);

using tree_context_ptr = std::shared_ptr<tree_context>;

} // namespace peer::internal::supervisor
