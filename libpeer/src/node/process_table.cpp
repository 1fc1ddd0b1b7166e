// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/process_table.hpp"

#include "caf/actor_cast.hpp"

#include <algorithm>
#include <utility>

#include <unistd.h>

namespace peer::internal::node {

namespace {

// The greatest pids that all versions of Erlang accept (ERTS, "NEW_PID_EXT"): 15 bits of number, 13 of serial.
constexpr auto number_bits = 15u;
constexpr auto serial_bits = 13u;

/// The upper half of the serials is for calls, whose pids repeat after 2^27 calls; those of actors do not.
constexpr auto serial_of_calls = std::uint32_t{1} << (serial_bits - 1);

constexpr std::uint32_t low_bits(unsigned count) {
  return (1u << count) - 1;
}

} // namespace

process_table::process_table(atom node)
    : node_(std::move(node)),
      // Distinguishes incarnations of a name; a node without a name has none.
      creation_(node_ == "nonode@nohost" ? 0 : static_cast<std::uint32_t>(getpid())) {}

void process_table::add(std::string_view name, caf::actor handle) {
  auto guard = std::unique_lock{mutex_};
  names_[std::string{name}].swap(handle);
  guard.unlock(); // the destructor of a replaced actor may use this table
}

void process_table::clear() {
  auto guard = std::unique_lock{mutex_};
  auto names = std::exchange(names_, {});
  actors_.clear();
  pids_.clear();
  guard.unlock(); // as above
}

pid process_table::expose(const caf::actor& handle) {
  auto guard = std::lock_guard{mutex_};
  auto address = caf::actor_cast<caf::actor_addr>(handle);
  if (auto found = pids_.find(address); found != pids_.end())
    return found->second;
  if (actors_.size() >= prune_above_)
    prune();
  auto id = make_pid(++exposed_, 0);
  pids_.emplace(address, id);
  actors_.emplace(id, address);
  return id;
}

pid process_table::make_pid() {
  return make_pid(++made_, serial_of_calls);
}

std::optional<pid> process_table::whereis(std::string_view name) {
  auto handle = find_name(atom{name});
  if (!handle)
    return std::nullopt;
  return expose(handle);
}

caf::actor process_table::find(const term& to) const {
  if (auto name = to.get_if<atom>())
    return find_name(*name);
  if (auto pair = to.get_if<erl::tuple>()) {
    auto name = pair->size() == 2 ? (*pair)[0].get_if<atom>() : nullptr;
    auto node = pair->size() == 2 ? (*pair)[1].get_if<atom>() : nullptr;
    return name != nullptr && node != nullptr && *node == node_ ? find_name(*name) : nullptr;
  }
  if (auto id = to.get_if<pid>()) {
    auto guard = std::lock_guard{mutex_};
    auto found = actors_.find(*id);
    return found == actors_.end() ? nullptr : caf::actor_cast<caf::actor>(found->second);
  }
  return nullptr;
}

caf::actor process_table::find_name(const atom& name) const {
  auto guard = std::lock_guard{mutex_};
  auto found = names_.find(name.name());
  return found == names_.end() ? nullptr : found->second;
}

pid process_table::make_pid(std::uint32_t number, std::uint32_t serial) const {
  return pid{node_, number & low_bits(number_bits), serial | ((number >> number_bits) & low_bits(serial_bits - 1)),
             creation_};
}

/// Removes the actors that have ended.
void process_table::prune() {
  std::erase_if(actors_, [this](auto& entry) {
    auto ended = !caf::actor_cast<caf::actor>(entry.second);
    if (ended)
      pids_.erase(entry.second);
    return ended;
  });
  prune_above_ = std::max(min_prune, 2 * actors_.size());
}

} // namespace peer::internal::node
