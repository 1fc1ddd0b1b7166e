// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/node/process_table.hpp"

#include "caf/actor_cast.hpp"

#include <utility>

#include <unistd.h>

namespace peer {

namespace {

// The greatest pids that all versions of Erlang take (ERTS, "NEW_PID_EXT"): 15 bits of number, 13 of serial.
constexpr auto number_bits = 15u;
constexpr auto serial_bits = 13u;

constexpr std::uint32_t low_bits(unsigned count) {
  return (1u << count) - 1;
}

} // namespace

process_table::process_table(atom node)
    : node_(std::move(node)),
      // Tells incarnations of a name apart; a node without a name has none.
      creation_(node_ == "nonode@nohost" ? 0 : static_cast<std::uint32_t>(getpid())) {}

void process_table::add(std::string_view name, const caf::actor& whom) {
  auto guard = std::lock_guard{mutex_};
  names_[std::string{name}] = whom;
}

void process_table::clear() {
  auto guard = std::lock_guard{mutex_};
  names_.clear();
  actors_.clear();
  pids_.clear();
}

pid process_table::expose(const caf::actor& whom) {
  auto guard = std::lock_guard{mutex_};
  auto address = caf::actor_cast<caf::actor_addr>(whom);
  auto [entry, added] = pids_.try_emplace(address);
  if (added) {
    entry->second = next_pid();
    actors_.emplace(entry->second, address);
  }
  return entry->second;
}

pid process_table::make_pid() {
  auto guard = std::lock_guard{mutex_};
  return next_pid();
}

std::optional<pid> process_table::whereis(std::string_view name) {
  auto whom = find_name(atom{name});
  if (!whom)
    return std::nullopt;
  return expose(whom);
}

caf::actor process_table::find(const term& to) const {
  if (auto name = to.get_if<atom>())
    return find_name(*name);
  if (auto pair = to.get_if<tuple>()) {
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

pid process_table::next_pid() {
  auto number = ++last_;
  return pid{node_, number & low_bits(number_bits), (number >> number_bits) & low_bits(serial_bits), creation_};
}

} // namespace peer
