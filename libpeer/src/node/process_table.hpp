// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include "caf/actor.hpp"
#include "caf/actor_addr.hpp"

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace peer::internal::node {

/// The processes of a node: its actors, by name and by pid, and the pids of its calls. Any thread may use it.
class process_table {
public:
  explicit process_table(atom node);

  /// Registers `handle` under `name`, replacing an earlier actor, and keeps it alive.
  void add(std::string_view name, caf::actor handle);

  /// Removes all actors.
  void clear();

  /// Returns the pid of `handle`, always the same one. Does not keep it alive.
  pid expose(const caf::actor& handle);

  /// A pid for a call, different from those of all actors and of the last 100 million calls.
  pid make_pid();

  /// The pid of the actor of that name.
  std::optional<pid> whereis(std::string_view name);

  /// The receiver of a message: a pid, a name, or `{Name, Node}` with this node's name. Null if there is no such actor.
  caf::actor find(const term& to) const;

private:
  /// The number of actors with a pid at which those that have ended are first removed.
  static constexpr std::size_t min_prune = 1000;

  caf::actor find_name(const atom& name) const;
  pid make_pid(std::uint32_t number, std::uint32_t serial) const;
  void prune();

  atom node_;
  std::uint32_t creation_;
  std::atomic<std::uint32_t> made_ = 0;
  mutable std::mutex mutex_; ///< guards what follows
  std::uint32_t exposed_ = 0;
  std::size_t prune_above_ = min_prune;
  std::map<std::string, caf::actor, std::less<>> names_;
  std::map<pid, caf::actor_addr> actors_;
  std::map<caf::actor_addr, pid> pids_;
};

} // namespace peer::internal::node
