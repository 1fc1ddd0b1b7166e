// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "base/type_ids.hpp"
#include "peer/sys_actor.hpp"

#include "caf/action.hpp"
#include "caf/typed_actor.hpp"

namespace peer::internal::sys {

/// A message of an actor with system messages to itself: work deferred while it was suspended.
using sys_self = caf::typed_actor<caf::result<void>(base::sys_held_atom, caf::action)>;

} // namespace peer::internal::sys
