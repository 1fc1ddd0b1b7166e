// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "process/guardian_message.hpp"

#include "caf/timespan.hpp"

#include <optional>
#include <string>

#include <sys/types.h>

namespace peer::internal::process {

/// The guardian of this program: a small process that outlives it, also after SIGKILL, and ends what is left then: the
/// process groups of the peers, after the time that each peer may take to end, and their cgroups. It is started with
/// the first peer and ends after this program.
///
/// The guardian is not a child of this program. It leads a session, blocks all signals, and has one descriptor, its end
/// of a socket. It kills a group only if the first process of the group is the one that was started, by session and
/// start time, or if that has ended and a member is still in its session. A program that cannot start a guardian does
/// without.
///
/// All functions may be called by any thread. None blocks, but for the first `socket`, which starts a process.
namespace guardian {

/// The socket to the guardian, which is started if it does not run; -1 if it cannot be started. Not for forked
/// children: they have a guardian of their own. A process that is being started sends `started` over it before it
/// executes its program (see `announce`).
int socket();

/// What a process that is being started sends. @param patience how long it may take to end after this program
guardian_message introduction(std::optional<caf::timespan> patience);

/// Records a process, to introduce it to another guardian if this one is killed.
void started(pid_t process, caf::timespan patience);

/// Nothing is left of the group of that process.
void ended(pid_t process);

/// Cgroups are made in that directory.
void add_directory(const std::string& path);

} // namespace guardian

} // namespace peer::internal::process
