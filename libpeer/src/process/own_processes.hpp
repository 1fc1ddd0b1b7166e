// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <mutex>

#include <sys/types.h>

namespace peer::internal::process {

/// The processes that this library has started and not reaped yet, for `reap_orphans`, which reaps all others. Nothing
/// is recorded unless `watch` was called. Any thread may use this.
class own_processes {
public:
  /// Records processes from now on. Call it before one is started.
  static void watch();

  /// Held while a process is started or reaped: `reap_others` sees neither an unrecorded process, nor the number of a
  /// reaped one as recorded.
  class scope {
  public:
    scope();

    void record(pid_t process);

    /// The process has been reaped, or is given up.
    void forget(pid_t process);

  private:
    std::unique_lock<std::mutex> guard_;
  };

  /// Reaps children that have ended and are not recorded. Returns whether a recorded one has ended and hides others.
  static bool reap_others();
};

} // namespace peer::internal::process
