// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "process/descriptor.hpp"

#include "caf/fwd.hpp"

#include <string>

namespace peer::internal::process {

/// A control group of version 2 for one process and all its descendants, which cannot leave it (cgroups(7)). Holds one
/// or two descriptors, so that killing needs no new one.
class cgroup {
public:
  /// Makes a cgroup `libpeer-PID-N` in `delegated`, a directory of the cgroup v2 hierarchy that this program may write
  /// to. Fails with `errc::system_failure`. @param has_kill_file false to do without `cgroup.kill`, as on Linux before
  /// 5.14.
  static caf::expected<cgroup> make(const std::string& delegated, bool has_kill_file = true);

  cgroup(cgroup&& other) noexcept;
  cgroup& operator=(cgroup&&) = delete;

  /// Removes it and its children, unless it has members left.
  ~cgroup();

  /// Opens the file to which a process writes "0" to join.
  caf::expected<descriptor> open_members() const;

  /// Kills all members. Without `cgroup.kill`, processes forked meanwhile may be missed: repeat it while the cgroup is
  /// populated.
  void kill() const;

  /// Whether it has a member that has not ended.
  bool populated() const;

  const std::string& path() const noexcept { return path_; }

private:
  cgroup(std::string path, descriptor events, descriptor kill_file);

  std::string path_; ///< empty after a move
  descriptor events_;
  descriptor kill_file_; ///< none on Linux before 5.14
};

} // namespace peer::internal::process
