// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/process.hpp"
#include "process/descriptor.hpp"
#include "process/environment.hpp"

#include "caf/fwd.hpp"
#include "caf/timespan.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <sys/types.h>

namespace boost::asio {
class io_context;
} // namespace boost::asio

namespace peer::internal::process {

/// What to start. The process leads a session, has no signal blocked or ignored, and inherits the descriptors named
/// here and no others.
struct spawn_options {
  /// A path, or a name that is looked up in PATH as `inherited_variables` has it.
  std::string program;

  /// The arguments after the program's name.
  std::vector<std::string> arguments;

  /// The environment that the process inherits; null for that of the caller.
  environment_ptr inherited_variables = {};

  /// Changes to it: a value sets a variable, `nullopt` removes it.
  std::vector<std::pair<std::string, std::optional<std::string>>> environment;

  /// The caller's descriptors that become the standard streams of the process. They may have any number. The caller
  /// keeps their ownership.
  int standard_input = -1;
  int standard_output = -1;
  int standard_error = -1;

  /// The caller's descriptor that becomes number `inherited_number` of the process; -1 for none. It may have any
  /// number. The caller keeps its ownership.
  int inherited = -1;

  /// The number of `inherited` in the process: the first one after the standard streams.
  static constexpr int inherited_number = 3;

  /// Descendants whose parent ends become children of the process (PR_SET_CHILD_SUBREAPER, prctl(2)), so that they can
  /// be found as long as it lives. It must reap them. Implied by `survivor_policy::kill`.
  bool reap_orphans = false;

  /// How long the process may take to end after this program has ended; then the guardian kills its group. Without a
  /// value the guardian does not know of it.
  std::optional<caf::timespan> patience_after_end = std::nullopt;

  /// Attributes and limits of the process. The number of a CPU must not be negative. With an empty `cpu_affinity` the
  /// process inherits the CPUs of the calling thread. Limits that need a cgroup are not set here but by the caller.
  process_options process = {};
};

/// A process that has just been started.
struct spawned_process {
  pid_t id = 0;
  descriptor pidfd;
};

/// Starts a process, whose parent is this program, with `launcher` (process/launcher.hpp). Any thread may call this.
///
/// @param io registers the pidfd for a moment, to check that it can be watched.
/// @param cgroup_members the open file `cgroup.procs` of the cgroup that the process joins before anything else; -1 for
///        none. `process_options::cgroup` only names it in the error.
///
/// Fails with `errc::system_failure`; the error names the step that failed. Then nothing was started.
caf::expected<spawned_process> spawn(boost::asio::io_context& io, const spawn_options& options,
                                     int cgroup_members = -1);

} // namespace peer::internal::process
