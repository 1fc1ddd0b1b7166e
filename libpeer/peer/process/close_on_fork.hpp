// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

namespace peer {

/// Has `fd` closed in every process that this program forks from now on: a child that lives on without exec would keep
/// the other end from seeing the end of the stream. `fd` is a pipe or a socket. It needs no notice when it is closed:
/// in the child only what is still the same file is closed.
///
/// Children of `vfork`, `posix_spawn` and our own `spawn` are not concerned. Any thread may call this.
void close_on_fork(int fd);

} // namespace peer
