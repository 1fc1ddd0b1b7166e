// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "connection/channel.hpp"
#include "loop/event_loop.hpp"
#include "peer/options.hpp"
#include "process/subprocess.hpp"

#include "caf/fwd.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace peer::internal::origin {

/// One process of a peer and the channel to it. Tests replace it.
///
/// Belongs to the loop's thread. The destructor kills the process if it has not ended.
class incarnation {
public:
  /// Receives what comes from the peer. Must not destroy the incarnation within a callback.
  class listener : public connection::channel::listener {
  public:
    /// Text on the peer's stderr.
    virtual void on_stderr(const_byte_span text) = 0;

    /// The process has been started.
    virtual void on_spawned() = 0;

    /// The process could not be started (`errc::system_failure`). Nothing else is called then.
    virtual void on_not_spawned(caf::error why) = 0;

    /// The peer has connected. Not called if the connection exists before the process.
    virtual void on_connected() = 0;

    /// The process and its group have ended. Called once, after all its output has been passed on. `survivors` are
    /// descendants that still run (see `subprocess::on_exit`).
    virtual void on_exit(const exit_status& status, const std::vector<survivor>& survivors) = 0;
  };

  virtual ~incarnation();

  virtual connection::channel& connection() = 0;

  /// Closes the connection; one that has not been established never is.
  virtual void close() = 0;

  /// Sends a signal to the process or its group; no effect after its end. A process that is being started gets the last
  /// one when it runs.
  virtual void signal(int number, process::signal_scope scope) = 0;

  /// Records the descendants of the process. Call it before anything that may end the process: afterwards they cannot
  /// be distinguished from other processes.
  virtual void note_descendants() = 0;

  /// The arguments of the program, without its name.
  virtual const std::vector<std::string>& arguments() const noexcept = 0;

  /// The id of the process; 0 before `on_spawned`.
  virtual pid_t process_id() const noexcept = 0;

  /// Whether the process has written anything, anywhere, since the last call.
  virtual bool has_written() = 0;

  /// A sentence for each requested limit that is off.
  virtual const std::vector<std::string>& limits_off() const noexcept = 0;

  /// Stops or resumes reading what the peer prints, except for text in the channel.
  virtual void pause_console(bool paused) = 0;

  /// How far the connection was established, for the error of a boot that failed; empty if not applicable.
  virtual std::string boot_report() const = 0;
};

/// Begins to start a peer; `on_spawned` or `on_not_spawned` follows. Fails with `errc::system_failure`; then nothing
/// was started.
using launcher =
    std::function<caf::expected<std::unique_ptr<incarnation>>(const start_options&, incarnation::listener&)>;

/// Starts processes on this host. They inherit the environment that this program has now: call this in a thread of the
/// program's own, not on the loop.
launcher process_launcher(loop::event_loop_ptr where);

} // namespace peer::internal::origin
