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

/// A process that another one has brought about, as it was when it was looked for.
struct descendant {
  pid_t id = 0;
  pid_t group = 0;

  /// Its command line with blanks between the arguments, up to `defaults::command_bytes`, or its name in brackets.
  std::string command;

  /// Names this very process, even when its number is somebody else's.
  descriptor pidfd;

  /// Whether it runs still.
  bool alive() const noexcept;

  /// Kills it, unless it has ended.
  void kill() const noexcept;
};

/// Looks for living processes and visits none twice: what one look has found the next one leaves out, with everybody
/// below. Finds nobody if not `has_own_proc`.
///
/// All looks together find at most `defaults::max_descendants`, each of which takes a descriptor, and visit at most
/// `defaults::max_visited`. Those that end meanwhile, and those for which no descriptor is left, are missing.
class descendant_search {
public:
  /// @param without_group a process group whose members are not told, only who is below them; 0 for none. @param
  /// use_lists whether to read the lists of children that the kernel keeps, so that a look costs as much as there are
  /// descendants. Without them, or on a kernel that has none (CONFIG_PROC_CHILDREN), all processes are read once.
  explicit descendant_search(pid_t without_group = 0, bool use_lists = true);

  /// The descendants of a process: those whose chain of parents leads there, so none whose parent has ended, unless it
  /// is adopted in between (see `spawn_options::reap_orphans`). Nobody if the process itself was visited before.
  std::vector<descendant> below(pid_t ancestor);

  /// The members of a session and everybody below them. Reads all processes.
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
  std::vector<pid_t> unvisited_;                         ///< those of `known_` whose children are to be visited
  std::optional<std::multimap<pid_t, pid_t>> by_parent_; ///< all processes, once they were read
};

/// The descendants of a process, by a search of their own.
std::vector<descendant> descendants_of(pid_t ancestor);

/// Whether a process group has a member that runs still, or may have: descriptors are short, or not `has_own_proc`.
/// Costs one system call if the group is empty, else a walk over all processes.
bool has_living_member(pid_t group);

} // namespace peer::internal::process
