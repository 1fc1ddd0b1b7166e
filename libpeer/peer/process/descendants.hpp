// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/process/descriptor.hpp"

#include <string>
#include <vector>

#include <sys/types.h>

namespace peer {

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

/// The living descendants of a process: those whose chain of parents leads there, so none whose parent has ended,
/// unless it is adopted in between (see `spawn_options::reap_orphans`). Those that end meanwhile, and those for which
/// no descriptor is left, are missing.
///
/// Reads the lists of children that the kernel keeps, so that it costs as much as there are descendants; a kernel
/// without them (CONFIG_PROC_CHILDREN) makes it a walk over all processes. @param use_lists false for that walk in any
/// case.
std::vector<descendant> descendants_of(pid_t ancestor, bool use_lists = true);

/// The living members of a session, by a walk over all processes.
std::vector<descendant> members_of_session(pid_t session);

/// Whether a process group has a member that runs still, or may have: descriptors are short. Costs one system call if
/// the group is empty, else a walk over all processes.
bool has_living_member(pid_t group);

} // namespace peer
