// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <initializer_list>

namespace peer::test {

/// Lets system calls fail with `code` in this thread and its future threads and processes, for ever (seccomp(2)).
/// Returns false where that is forbidden.
bool refuse_system_calls(std::initializer_list<long> numbers, int code);

} // namespace peer::test
