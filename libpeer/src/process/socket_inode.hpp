// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace peer::internal::process {

/// Identifies a socket on a host, whichever process holds it. 0 for none.
using socket_inode = std::uint64_t;

/// Finds for each of these connected TCP sockets the socket at its other end; 0 if that is not on this host and in this
/// network namespace, or if no process holds it any more.
///
/// Queries the kernel for each one (sock_diag(7)), which takes microseconds. If that is not supported, reads the
/// system's tables of all TCP sockets (proc(5)), which takes milliseconds. Returns `nullopt` if descriptors or memory
/// are short; a later call may succeed. @param ask false to read the tables in any case.
std::optional<std::vector<socket_inode>> inodes_of_other_ends(std::span<const int> sockets, bool ask = true);

} // namespace peer::internal::process
