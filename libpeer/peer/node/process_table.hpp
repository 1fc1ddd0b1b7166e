// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term/term.hpp"

#include "caf/actor.hpp"
#include "caf/actor_addr.hpp"

#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace peer {

/// What stands for processes in a node: its actors, by name and by pid, and the pids of its calls. May be used by all
/// threads.
class process_table {
public:
  explicit process_table(atom node);

  /// Registers `whom` under `name`, and keeps it alive. It replaces an earlier one.
  void add(std::string_view name, const caf::actor& whom);

  /// Forgets all actors.
  void clear();

  /// Gives `whom` a pid, always the same. Does not keep it alive.
  pid expose(const caf::actor& whom);

  /// A pid that nobody has yet.
  pid make_pid();

  /// The pid of the actor of that name.
  std::optional<pid> whereis(std::string_view name);

  /// Whom a message is for: a pid, a name, or `{Name, Node}` with this node's name. Null if there is no such actor.
  caf::actor find(const term& to) const;

  /// Whether a pid is one of this node's.
  bool is_local(const pid& x) const noexcept { return x.node == node_; }

private:
  caf::actor find_name(const atom& name) const;
  pid next_pid();

  atom node_;
  std::uint32_t creation_;
  mutable std::mutex mutex_;
  std::uint32_t last_ = 0;
  std::map<std::string, caf::actor, std::less<>> names_;
  std::map<pid, caf::actor_addr> actors_;
  std::map<caf::actor_addr, pid> pids_;
};

} // namespace peer
