// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <array>
#include <string>

#include <sys/types.h>

namespace peer::test {

/// Whether `id` is no process, not even a zombie.
bool is_gone(pid_t id);

/// Whether the kernel keeps the exit status of a process that was reaped elsewhere (Linux 6.15).
bool kernel_keeps_statuses();

/// Reads `fd` until its end, which comes when no process has the other end open any more.
std::string read_to_end(int fd);

/// Reads `fd` up to the next newline, which the result does not have.
std::string read_line(int fd);

/// Puts this program's descriptors 0, 1 and 2 aside for one scope, in which they are closed or whatever the test makes
/// of them, and nothing must be checked: a failure could not be printed.
class without_streams {
public:
  without_streams();

  without_streams(const without_streams&) = delete;
  without_streams& operator=(const without_streams&) = delete;

  ~without_streams();

private:
  std::array<int, 3> saved_;
};

} // namespace peer::test
