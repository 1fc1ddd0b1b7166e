// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/process.hpp"
#include "process/cgroup.hpp"
#include "process/descendants.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace peer::internal::process {

/// Who leads the process group that is to be killed.
enum class leader_state : std::uint8_t {
  ours,  ///< A process of ours that has not been reaped, so that nobody else can have its number.
  stolen ///< Somebody else has reaped it.
};

/// Everything that a process has brought about: its group, its session, its cgroup, and the descendants that were seen
/// while its tree was whole. Neither waits nor reaps.
class family {
public:
  family(pid_t leader, survivor_policy policy, std::optional<cgroup> place);

  /// Notes who descends from the leader, which has not been reaped: when it has ended nobody can tell any more. To be
  /// called before it is told to end. Those noted before stay noted; members of the group are not noted, since a signal
  /// to the group reaches them.
  void note();

  /// Kills the group, the cgroup and, with `survivor_policy::kill`, all descendants that are known and the session. A
  /// group whose leader was reaped by somebody else is looked at first: its number could have a new owner.
  void kill(leader_state leader);

  /// Kills again whom `kill` could not reach: those who were just being brought about.
  void kill_rest();

  /// Once the leader has been reaped: whether nobody of the group and the cgroup runs any more.
  bool ended();

  /// The noted descendants that run still. Once the group has ended these are the ones that had left it.
  std::vector<survivor> survivors() const;

private:
  void add(std::vector<descendant> found);

  /// Notes who descends from those that were noted: whoever's parent has ended is not found from the leader any more.
  void note_more(descendant_search search);

  /// Whether members of the group run although its leader is gone.
  bool is_left_behind() const;

  pid_t leader_;
  survivor_policy policy_;
  std::optional<cgroup> cgroup_;
  std::vector<descendant> noted_;
  bool has_group_ = true; ///< the group may have members
  int looks_ = 0;         ///< at the group
};

} // namespace peer::internal::process
