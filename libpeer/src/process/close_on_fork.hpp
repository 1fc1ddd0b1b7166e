// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <mutex>

namespace peer::internal::process {

/// Prevents this program from forking during one scope, in which a descriptor is made and recorded, so that no forked
/// child inherits it unrecorded. The thread itself must not fork in that scope, nor make another `fork_pause`. Any
/// thread may use this.
///
/// Children of `vfork`, `posix_spawn` and our own `spawn` are not affected.
class fork_pause {
public:
  fork_pause();

  /// Closes `fd` in every process that this program forks from now on: a child that does not exec would keep the other
  /// end from reading end of file. `fd` is a pipe, a socket or -1 (no effect). It may be closed at any time: in the
  /// child a descriptor is closed only if it still is the same file.
  void close_on_fork(int fd);

private:
  std::lock_guard<std::mutex> guard_;
};

} // namespace peer::internal::process
