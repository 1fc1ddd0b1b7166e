// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/supervisor/event.hpp"

#include "peer/control/report.hpp"
#include "peer/supervisor/tree_context.hpp"

#include "caf/all.hpp"

namespace peer {

std::string describe(const supervisor_event& event) {
  auto result = event.path + ": " + to_string(event.kind);
  if (event.generation > 0)
    result += ", generation " + std::to_string(event.generation);
  if (event.process_id)
    result += ", process " + std::to_string(*event.process_id);
  if (event.delay.count() > 0)
    result += ", in " + caf::deep_to_string(event.delay);
  if (event.reason)
    result += ": " + describe(event.reason);
  return result;
}

void tree_context::publish(const supervisor_event& event) {
  CAF_LOG_INFO("peer-child-" << to_string(event.kind) << CAF_ARG2("path", event.path)
                             << CAF_ARG2("generation", event.generation) << CAF_ARG2("reason", event.reason));
  for (auto i = subscribers.begin(); i != subscribers.end();) {
    if (auto receiver = caf::actor_cast<caf::actor>(*i)) {
      caf::anon_send(receiver, event);
      ++i;
    } else {
      i = subscribers.erase(i);
    }
  }
}

} // namespace peer
