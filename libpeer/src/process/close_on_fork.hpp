// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <mutex>

namespace peer::internal::process {

/// Keeps this program from forking for one scope, in which a descriptor is made and noted, so that no forked child can
/// have it unnoted. The thread itself must not fork there, and not make another one of these. Any thread may use this.
///
/// Children of `vfork`, `posix_spawn` and our own `spawn` are not concerned.
class fork_pause {
public:
  fork_pause();

  /// Has `fd` closed in every process that this program forks from now on: a child that lives on without exec would
  /// keep the other end from seeing the end of the stream. `fd` is a pipe or a socket, or -1, which does nothing. It
  /// needs no notice when it is closed: in the child only what is still the same file is closed.
  void close_on_fork(int fd);

private:
  std::lock_guard<std::mutex> guard_;
};

} // namespace peer::internal::process
