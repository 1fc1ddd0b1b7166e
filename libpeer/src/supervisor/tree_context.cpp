// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "supervisor/tree_context.hpp"

#include "base/caf_compat.hpp"

#include "caf/all.hpp"

namespace peer::internal::supervisor {

caf::skippable_result refuse_strays(caf::scheduled_actor* self, caf::message&) {
  if (self->current_message_id().is_request())
    return caf::make_error(caf::sec::unexpected_message);
  return caf::message{};
}

void tree_context::publish(const supervisor_event& event) {
  CAF_LOG_INFO("peer-child-" << to_string(event.kind) << CAF_ARG2("path", event.path)
                             << CAF_ARG2("generation", event.generation) << CAF_ARG2("reason", event.reason));
  for (auto i = subscribers.begin(); i != subscribers.end();) {
    if (auto receiver = caf::actor_cast<caf::actor>(*i)) {
      base::send_anonymous(receiver, event);
      ++i;
    } else {
      i = subscribers.erase(i);
    }
  }
}

} // namespace peer::internal::supervisor
