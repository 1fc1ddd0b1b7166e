// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/process.hpp"
#include "process/family.hpp"
#include "process/spawn.hpp"

#include "caf/fwd.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <sys/types.h>

namespace boost::asio {
class io_context;
} // namespace boost::asio

namespace peer::internal::process {

/// Where a signal goes.
enum class signal_scope : std::uint8_t {
  process, ///< the process alone
  group,   ///< its process group: it and its descendants, but for those that have left the group
};

/// A process that this program started. It is watched and signalled through its pidfd, and reaped here and nowhere
/// else: no handler for SIGCHLD is needed or disturbed, and no other process of the program is ever waited for
/// (Linux, pidfd_open(2)).
///
/// Belongs to the thread of its `io_context`.
class subprocess {
public:
  /// Receives how the process ended, and the descendants that outlive it, once.
  using exit_handler = std::function<void(const exit_status&, const std::vector<survivor>&)>;

  /// Starts a process. Fails (`errc::system_failure`) with the step that failed and the system's reason: then nothing
  /// was started.
  static caf::expected<std::unique_ptr<subprocess>> spawn(boost::asio::io_context& io, const spawn_options& options);

  /// Kills what is left of the process, its group, its cgroup and, with `survivor_policy::kill`, its descendants, and
  /// reaps the process, waiting at most `defaults::kill_timeout`.
  virtual ~subprocess();

  /// Asks to be told of the process's end, at most once. `handler` runs on the `io_context` and not after this object
  /// is gone. By then
  ///
  /// * the process has been reaped, here or by the host program: then its status is unknown;
  /// * the rest of its group, and of its cgroup, has been killed and has ended;
  /// * the descendants outside of the group that were noted have ended, too; or they have had
  /// `defaults::survivor_grace`
  ///   for it and are told. With `survivor_policy::kill` they, and all of the session, have been killed.
  ///
  /// Where all are gone with the process that is at once. What the kernel does not end within `defaults::kill_timeout`
  /// is not waited for.
  virtual void on_exit(exit_handler handler) = 0;

  /// Notes which processes descend from this one (see `descendants_of`). To be called before the process is told to
  /// end: afterwards nobody can tell which those were that are no members of its group. SIGTERM and SIGKILL to the
  /// group do it themselves.
  virtual void note_descendants() = 0;

  /// Sends a signal. Does nothing once the process has been reaped.
  virtual void signal(int number, signal_scope scope) = 0;

  /// The process's id, its session's and its group's.
  virtual pid_t id() const noexcept = 0;

  /// A sentence for each limit that was asked for and is off (see `limit_cgroup`).
  virtual const std::vector<std::string>& limits_off() const noexcept = 0;

  /// How the process ended, if it has.
  virtual const std::optional<exit_status>& status() const noexcept = 0;
};

} // namespace peer::internal::process
