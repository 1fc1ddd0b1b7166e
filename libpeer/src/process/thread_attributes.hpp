// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

namespace peer::internal::process {

/// Gives the calling thread what processes inherit from it as the program's first thread has it: CPUs, nice value,
/// scheduling policy and I/O priority, as far as that is allowed. If the program may use all CPUs of its cpuset, the
/// thread is not pinned, so that its processes can use CPUs that are added later (cpuset(7)).
void take_program_attributes();

} // namespace peer::internal::process
