// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/exposed_actors.hpp"

#include "base/random.hpp"
#include "process/descriptor.hpp"

#include "caf/actor_cast.hpp"
#include "caf/expected.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdint>
#include <span>

namespace peer::internal::origin {

namespace {

constexpr auto origin_node = "libpeer@origin";

// The greatest pids that all versions of Erlang accept (ERTS, "NEW_PID_EXT"): 15 bits of number, 13 of serial.
constexpr auto number_mask = std::uint32_t{(1 << 15) - 1};
constexpr auto serial_mask = std::uint32_t{(1 << 13) - 1};

/// Lower ones have a meaning of their own in old versions.
constexpr auto least_creation = std::uint32_t{4};

caf::expected<pid> make_random_pid() {
  auto numbers = std::array<std::uint32_t, 3>{};
  if (!base::fill_randomly(std::as_writable_bytes(std::span{numbers})))
    return process::system_failure("cannot make a pid", errno);
  auto [number, serial, creation] = numbers;
  return pid{atom{origin_node}, number & number_mask, serial & serial_mask, std::max(creation, least_creation)};
}

} // namespace

caf::expected<pid> exposed_actors::add(const caf::actor& whom) {
  auto address = caf::actor_cast<caf::actor_addr>(whom);
  if (auto known = ids_.find(address); known != ids_.end())
    return known->second;
  if (actors_.size() >= prune_above_)
    prune();
  auto made = make_random_pid();
  while (made && !actors_.emplace(*made, address).second)
    made = make_random_pid();
  if (made)
    ids_.emplace(address, *made);
  return made;
}

void exposed_actors::remove(const caf::actor& whom) {
  if (auto known = ids_.extract(caf::actor_cast<caf::actor_addr>(whom)))
    actors_.erase(known.mapped());
}

caf::actor exposed_actors::find(const pid& id) const {
  auto found = actors_.find(id);
  return found == actors_.end() ? nullptr : caf::actor_cast<caf::actor>(found->second);
}

/// Removes the actors that have ended.
void exposed_actors::prune() {
  std::erase_if(actors_, [this](auto& entry) {
    auto ended = !caf::actor_cast<caf::actor>(entry.second);
    if (ended)
      ids_.erase(entry.second);
    return ended;
  });
  prune_above_ = std::max(prune_above_, 2 * actors_.size());
}

} // namespace peer::internal::origin
