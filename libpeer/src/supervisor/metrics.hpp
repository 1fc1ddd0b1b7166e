// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/supervisor_actor.hpp"

#include "caf/fwd.hpp"

#include <array>

namespace peer::internal::supervisor {

/// Counts what happens to children in the actor system's own registry (docs/design.md has the names).
class supervisor_metrics {
public:
  explicit supervisor_metrics(caf::actor_system& sys);

  void count(event_kind what);

private:
  std::array<caf::telemetry::int_counter*, detail::enum_names<event_kind>.size()> counters_;
};

} // namespace peer::internal::supervisor
