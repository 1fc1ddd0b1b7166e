// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <optional>
#include <span>
#include <vector>

#include <sys/types.h>

namespace peer::internal::process {

/// Returns for each of these connected TCP sockets whether its other end, on this host and in this network namespace,
/// is held by `process` or by one of its descendants. These are the processes whose chain of parents leads there, and
/// those of the session that `process` leads: a session can only be inherited.
///
/// Searches the descriptors of `process` first. Those of its descendants are searched only if none of the sockets was
/// found there; otherwise a socket that a descendant holds counts as not held.
///
/// Reads /proc (proc(5)), at once for all sockets, and again if none was found, since a descriptor that the process
/// moves meanwhile (dup2(2), close(2)) may be missed: with descendants that takes milliseconds. What cannot be read,
/// such as the descriptors of another user's process, counts as not held. The answer may change at any time. `process`
/// must not have been reaped, since its number could be reused. Returns `nullopt` if descriptors or memory are short.
std::optional<std::vector<bool>> held_by(pid_t process, std::span<const int> sockets);

} // namespace peer::internal::process
