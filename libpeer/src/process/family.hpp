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

/// The state of the process group's leader.
enum class leader_state : std::uint8_t {
  ours,  ///< Not reaped, so that no other process can have its number.
  stolen ///< Reaped elsewhere in this program.
};

/// What belongs to a process: its group, its session, its cgroup, and the descendants recorded while its tree was
/// whole. Neither waits nor reaps.
class family {
public:
  family(pid_t leader, survivor_policy policy, std::optional<cgroup> place);

  /// Records the descendants of the leader, in addition to those recorded before. Call it before anything that may end
  /// the leader: afterwards they cannot be found. Members of the group are left out, since a signal to the group
  /// reaches them. @pre The leader has not been reaped.
  void note();

  /// Kills the group, the cgroup and, with `survivor_policy::kill`, all recorded descendants and the session. If the
  /// leader was reaped elsewhere, the group is checked first, since its number may have been reused.
  void kill(leader_state leader);

  /// Kills the processes that `kill` missed: those forked while it ran.
  void kill_rest();

  /// Whether all processes of the group and the cgroup have ended. @pre The leader has been reaped.
  bool ended();

  /// The recorded descendants that still run. Once the group has ended, these are the ones that had left it.
  std::vector<survivor> survivors() const;

private:
  void add(std::vector<descendant> found);

  /// Records the descendants of recorded processes, which cannot be found from the leader once a parent has ended.
  void note_more(descendant_search search);

  /// Whether members of the group run although its leader has ended.
  bool is_left_behind() const;

  pid_t leader_;
  survivor_policy policy_;
  std::optional<cgroup> cgroup_;
  std::vector<descendant> noted_;
  bool has_group_ = true; ///< the group may have members
  int looks_ = 0;         ///< checks of the group
};

} // namespace peer::internal::process
