// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/exposed_actors.hpp"

#include "caf/actor_cast.hpp"

namespace peer::internal::origin {

namespace {

constexpr auto origin_node = "libpeer@origin";

} // namespace

pid exposed_actors::add(const caf::actor& whom) {
  auto address = caf::actor_cast<caf::actor_addr>(whom);
  auto [place, is_new] = ids_.emplace(address, static_cast<std::uint32_t>(ids_.size() + 1));
  if (is_new)
    actors_.emplace(place->second, address);
  return pid{atom{origin_node}, place->second, 0, 1};
}

caf::actor exposed_actors::find(const pid& id) const {
  auto found = actors_.find(id.id);
  if (id.node != origin_node || found == actors_.end())
    return nullptr;
  return caf::actor_cast<caf::actor>(found->second);
}

} // namespace peer::internal::origin
