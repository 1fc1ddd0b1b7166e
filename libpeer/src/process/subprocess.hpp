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

/// The target of a signal.
enum class signal_scope : std::uint8_t {
  process, ///< the process alone
  group,   ///< its process group: the process and its descendants, except for those that have left the group
};

/// A process that this program started. It is watched and signalled through its pidfd and reaped only here: no handler
/// for SIGCHLD is needed or affected, and no other child of the program is waited for (Linux, pidfd_open(2)).
///
/// Belongs to the thread of its `io_context`. Another thread may start it and hand it over.
class subprocess {
public:
  /// Receives the exit status, and the descendants that outlive the process. Called once.
  using exit_handler = std::function<void(const exit_status&, const std::vector<survivor>&)>;

  /// Starts a process. Fails with `errc::system_failure`; the error names the step that failed. Then nothing was
  /// started.
  static caf::expected<std::unique_ptr<subprocess>> spawn(boost::asio::io_context& io, const spawn_options& options);

  /// Kills what is left of the process, its group, its cgroup and, with `survivor_policy::kill`, its descendants, and
  /// reaps the process, waiting at most `defaults::kill_timeout`.
  virtual ~subprocess();

  /// Kills everything that the destructor kills, without waiting: the `io_context` reaps the process later and then
  /// destroys the object. The handler of `on_exit` is not called any more.
  static void release(std::unique_ptr<subprocess> process);

  /// Sets the handler of the process's end. Call it at most once. `handler` runs on the `io_context`, never after this
  /// object was destroyed. When it is called,
  ///
  /// * the process has been reaped, here or, with unknown status, by the host program;
  /// * the rest of its group and of its cgroup has been killed and has ended;
  /// * the recorded descendants outside of the group have ended, or have not within `defaults::survivor_grace` and are
  ///   passed to the handler. With `survivor_policy::kill` they and all of the session have been killed.
  ///
  /// It is called at once if all of these end with the process. Processes that the kernel does not end within
  /// `defaults::kill_timeout` are not waited for.
  virtual void on_exit(exit_handler handler) = 0;

  /// Kills the process and its family as the destructor does, without waiting; `handler` replaces that of `on_exit`.
  /// No effect after that was called.
  virtual void end(exit_handler handler) = 0;

  /// Records the descendants of the process (see `descendants_of`). Call it before anything that may end the process:
  /// afterwards those outside of its group cannot be found. Sending SIGTERM or SIGKILL to the group includes this.
  virtual void note_descendants() = 0;

  /// Sends a signal. No effect once the process has been reaped.
  virtual void signal(int number, signal_scope scope) = 0;

  /// The process's id, its session's and its group's.
  virtual pid_t id() const noexcept = 0;

  /// A sentence for each requested limit that is off (see `limit_cgroup`).
  virtual const std::vector<std::string>& limits_off() const noexcept = 0;

  /// The exit status, if the process has ended.
  virtual const std::optional<exit_status>& status() const noexcept = 0;
};

} // namespace peer::internal::process
