// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/process.hpp"

#include <optional>

namespace peer::internal::process {

/// Reaps the process behind `pidfd` if it has ended; nothing if it has not. A traced process can be reaped only after
/// its tracer has detached, although the pidfd is readable before (ptrace(2)).
///
/// If the process was reaped elsewhere (by the kernel, because this program ignores SIGCHLD, or by other code of this
/// program), its status without the usage comes from the pidfd (PIDFD_GET_INFO, Linux 6.15). Where the kernel does not
/// keep it, the status is unknown, which a line on stderr reports once.
std::optional<exit_status> reap(int pidfd);

} // namespace peer::internal::process
