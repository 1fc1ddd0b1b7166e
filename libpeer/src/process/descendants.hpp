// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "process/descriptor.hpp"

#include <cstddef>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <sys/types.h>

namespace peer::internal::process {

/// A descendant of a process, as it was when the search found it.
struct descendant {
  pid_t id = 0;
  pid_t group = 0;

  /// Its command line with blanks between the arguments, up to `defaults::command_bytes`, or its name in brackets.
  std::string command;

  /// Refers to this process even after its id has been reused.
  descriptor pidfd;

  /// Whether it still runs.
  bool alive() const noexcept;

  /// Kills it, unless it has ended.
  void kill() const noexcept;
};

/// Searches for living processes and visits none twice: a process found by one call is left out by the next ones, with
/// all its descendants. Finds nothing if not `has_own_proc`.
///
/// All calls together find at most `defaults::max_descendants`, each of which takes a descriptor, and visit at most
/// `defaults::max_visited`. Processes that end meanwhile, and those for which no descriptor is left, are missing.
class descendant_search {
public:
  /// @param without_group a process group whose members are left out, but not their descendants; 0 for none.
  /// @param use_lists whether to read the kernel's lists of children, so that the cost depends on the number of
  /// descendants only. Otherwise, or on a kernel without them (CONFIG_PROC_CHILDREN), all processes are read once.
  explicit descendant_search(pid_t without_group = 0, bool use_lists = true);

  /// The descendants of a process, found by their chains of parents. A process whose parent has ended is missing unless
  /// a descendant adopts it (see `spawn_options::reap_orphans`). Empty if the process itself was visited before.
  std::vector<descendant> below(pid_t ancestor);

  /// The members of a session and their descendants. Reads all processes.
  std::vector<descendant> session(pid_t session);

private:
  template <class Predicate>
  void visit(pid_t id, Predicate belongs, std::vector<descendant>& result);

  void visit_unvisited(std::vector<descendant>& result);

  std::vector<pid_t> children_of(pid_t parent);

  pid_t without_group_;
  bool use_lists_;
  std::size_t found_ = 0;
  std::set<pid_t> known_;
  std::vector<pid_t> unvisited_;                         ///< those of `known_` whose children have not been visited
  std::optional<std::multimap<pid_t, pid_t>> by_parent_; ///< all processes, once they were read
};

/// The descendants of a process, by a new search.
std::vector<descendant> descendants_of(pid_t ancestor);

/// Whether a process group has a member that still runs. True also if that is unknown: descriptors are short, or not
/// `has_own_proc`. Costs one system call if the group is empty, otherwise a walk over all processes.
bool has_living_member(pid_t group);

} // namespace peer::internal::process
