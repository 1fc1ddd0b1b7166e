// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <functional>
#include <string>

#include <sys/types.h>

namespace peer::test {

/// Whether `id` is no process, not even a zombie.
bool is_gone(pid_t id);

/// Reads `fd` until its end, which comes when no process has the other end open any more.
std::string read_to_end(int fd);

/// Reads `fd` up to the next newline, which the result does not have.
std::string read_line(int fd);

/// Runs `body` in a forked process and returns what it returned; "ended with wait status N" if that process did not end
/// in order. For what would disturb the test program, such as closing its standard streams. @pre this process has one
/// thread.
std::string in_fork(const std::function<std::string()>& body);

} // namespace peer::test
