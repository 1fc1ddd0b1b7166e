// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <optional>
#include <span>
#include <vector>

#include <sys/types.h>

namespace peer::internal::process {

/// Tells for each of these connected TCP sockets whether its other end, on this host and in this network namespace, is
/// held by `process` or by one of its descendants. These are the processes whose chain of parents leads there, and
/// those of the session that `process` leads: a session can only be inherited.
///
/// Looks among the descriptors of `process` first. Only if none of the sockets is found there its descendants are
/// looked for and at: else a socket that one of them holds counts as not held.
///
/// Reads /proc (proc(5)), once for all sockets: with descendants that takes milliseconds. What cannot be read, such as
/// the descriptors of another user's process, counts as not held. The answer is about this moment; as long as `process`
/// has not been reaped nobody else can have its number. Returns nothing if it could not look, since descriptors or
/// memory are short.
std::optional<std::vector<bool>> held_by(pid_t process, std::span<const int> sockets);

} // namespace peer::internal::process
