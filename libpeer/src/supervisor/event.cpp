// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/utf8.hpp"
#include "peer/failure.hpp"
#include "peer/supervisor_actor.hpp"

#include "caf/all.hpp"

namespace peer {

std::string describe(const supervisor_event& event) {
  auto result = internal::base::printable(event.path) + ": " + to_string(event.kind);
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

} // namespace peer
