// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "connection/channel.hpp"
#include "loop/loop.hpp"
#include "peer/options.hpp"
#include "process/subprocess.hpp"

#include "caf/fwd.hpp"

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace peer::internal::origin {

/// One life of a peer: its process and the channel to it. Tests replace it, and what runs elsewhere can.
///
/// Belongs to the loop's thread. Its end kills what is left of the process.
class incarnation {
public:
  /// Receives what comes from the peer. May not destroy the incarnation from within a call.
  class listener : public connection::channel::listener {
  public:
    /// Text on the peer's stderr.
    virtual void on_stderr(const_byte_span text) = 0;

    /// The peer has connected, where the connection was not there before it.
    virtual void on_connected() = 0;

    /// The process and its group have ended, once. All that it wrote before has been passed on. `survivors` are
    /// descendants that live on (see `subprocess::on_exit`).
    virtual void on_exit(const exit_status& status, const std::vector<survivor>& survivors) = 0;
  };

  virtual ~incarnation();

  virtual connection::channel& connection() = 0;

  /// Closes the connection; one that has not come about yet never will.
  virtual void close() = 0;

  /// Sends a signal to the process or its group, while it has not ended.
  virtual void signal(int number, process::signal_scope scope) = 0;

  /// Notes who descends from the process. To be called before anything that may end it: later they cannot be told from
  /// others.
  virtual void note_descendants() = 0;

  /// What the program was started with, without its name.
  virtual const std::vector<std::string>& arguments() const noexcept = 0;

  virtual pid_t process_id() const noexcept = 0;

  /// A sentence for each limit that was asked for and is off.
  virtual const std::vector<std::string>& limits_off() const noexcept = 0;

  /// Stops and goes on to read what the peer prints, but for text that comes in the channel.
  virtual void pause_console(bool paused) = 0;

  /// What is known about the connection's coming about, for the error of a boot that failed; empty if there is nothing
  /// to say.
  virtual std::string boot_report() const = 0;
};

/// Starts a peer. Fails with `errc::system_failure` if that is not possible; then nothing was started.
using launcher =
    std::function<caf::expected<std::unique_ptr<incarnation>>(const start_options&, incarnation::listener&)>;

/// Starts processes on this host.
launcher process_launcher(loop::loop_ptr where);

} // namespace peer::internal::origin
