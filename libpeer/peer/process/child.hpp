// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/process/descriptor.hpp"
#include "peer/process/exit_status.hpp"

#include "caf/fwd.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace boost::asio {
class io_context;
} // namespace boost::asio

namespace peer {

/// What to start. The child leads a session of its own, has no signal blocked or ignored, and inherits the descriptors
/// named here and no others.
struct spawn_options {
  /// A path, or a name that is looked up in the caller's PATH.
  std::string program;

  /// The arguments after the program's name.
  std::vector<std::string> arguments;

  /// Changes to the caller's environment: a value sets a variable, nothing removes it.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;

  /// Where to run; empty for the caller's working directory.
  std::string working_directory;

  /// The caller's descriptors that become the child's standard streams. They stay the caller's. None may be 0, 1 or 2,
  /// except as the stream of that number: `make_pipe` and `open_null` never return these.
  int standard_input = -1;
  int standard_output = -1;
  int standard_error = -1;

  /// A descriptor of the caller's that becomes the child's number `inherited_number`; -1 for none. It stays the
  /// caller's, and may not be 0, 1 or 2.
  int inherited = -1;

  /// The number of `inherited` in the child: the first one after the standard streams.
  static constexpr int inherited_number = 3;
};

/// Whom a signal goes to.
enum class signal_scope : std::uint8_t {
  process, ///< the child alone
  group,   ///< the child's process group: it and its descendants, but for those that have left the group
};

/// A process that this program started. It is watched and signalled through its pidfd, and reaped here and nowhere
/// else: no handler for SIGCHLD is needed or disturbed, and no other child of the program is ever waited for (Linux,
/// pidfd_open(2)).
///
/// Belongs to the thread of its `io_context`.
class child {
public:
  /// Receives how the process ended, once.
  using exit_handler = std::function<void(const exit_status&)>;

  /// Starts a process. Fails (`errc::system_failure`) with the system's reason if the program cannot be executed: then
  /// nothing was started.
  static caf::expected<std::unique_ptr<child>> spawn(boost::asio::io_context& io, const spawn_options& options);

  /// Kills what is left of the process group and reaps the process, waiting at most `defaults::kill_timeout`.
  virtual ~child();

  /// Asks to be told of the process's end, at most once. By then the rest of its group has been killed (unless the host
  /// program ignores SIGCHLD: then its number may be somebody else's already). `handler` runs on the
  /// `io_context` and not after this object is gone.
  virtual void on_exit(exit_handler handler) = 0;

  /// Sends a signal. Does nothing once the process has been reaped.
  virtual void signal(int number, signal_scope scope) = 0;

  /// The process's id, its session's and its group's.
  virtual pid_t id() const noexcept = 0;

  /// How the process ended, if it has.
  virtual const std::optional<exit_status>& status() const noexcept = 0;
};

} // namespace peer
