// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "supervisor/metrics.hpp"

#include "caf/all.hpp"
#include "caf/telemetry/counter.hpp"
#include "caf/telemetry/metric_registry.hpp"

#include <cstddef>

namespace peer::internal::supervisor {

supervisor_metrics::supervisor_metrics(caf::actor_system& sys) {
  auto family = sys.metrics().counter_family("peer", "child-events", {"event"},
                                             "What happened to the children of supervisors.", "1", true);
  for (std::size_t i = 0; i < counters_.size(); ++i)
    counters_[i] = family->get_or_add({{"event", detail::enum_names<event_kind>[i]}});
}

void supervisor_metrics::count(event_kind what) {
  counters_[static_cast<std::size_t>(what)]->inc();
}

} // namespace peer::internal::supervisor
