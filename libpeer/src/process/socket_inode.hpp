// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace peer::internal::process {

/// What tells a socket from all others of a host, whichever process has it. 0 is none.
using socket_inode = std::uint64_t;

/// Finds for each of these connected TCP sockets the socket at its other end; 0 if that is not on this host and in this
/// network namespace, or if no process has it any more.
///
/// Asks the kernel for each single one (sock_diag(7)), which takes microseconds. Where it does not answer, the system's
/// tables of all TCP sockets are read (proc(5)), which takes milliseconds. Returns nothing if descriptors or memory are
/// short: then it may be known later. @param ask false to read the tables in any case.
std::optional<std::vector<socket_inode>> inodes_of_other_ends(std::span<const int> sockets, bool ask = true);

} // namespace peer::internal::process
