// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tests/support/process_facts.hpp"

#include <array>
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <iostream>
#include <utility>

#include <fcntl.h>
#include <sys/utsname.h>
#include <unistd.h>

namespace peer::test {

bool is_gone(pid_t id) {
  return kill(id, 0) != 0 && errno == ESRCH;
}

bool kernel_keeps_statuses() {
  utsname names{};
  auto major = 0;
  auto minor = 0;
  return uname(&names) == 0 && std::sscanf(names.release, "%d.%d", &major, &minor) == 2
      && std::pair{major, minor} >= std::pair{6, 15};
}

std::string read_to_end(int fd) {
  auto result = std::string{};
  auto buffer = std::array<char, 4096>{};
  for (;;) {
    auto got = read(fd, buffer.data(), buffer.size());
    if (got > 0)
      result.append(buffer.data(), static_cast<std::size_t>(got));
    else if (got == 0 || errno != EINTR)
      return result;
  }
}

std::string read_line(int fd) {
  auto result = std::string{};
  auto c = char{};
  while (read(fd, &c, 1) == 1 && c != '\n')
    result += c;
  return result;
}

without_streams::without_streams() {
  std::cout.flush();
  for (auto fd = 0; fd < 3; ++fd) {
    saved_[static_cast<std::size_t>(fd)] = fcntl(fd, F_DUPFD_CLOEXEC, 10); // fails for one that is not open
    close(fd);
  }
}

without_streams::~without_streams() {
  for (auto fd = 0; fd < 3; ++fd) {
    auto from = saved_[static_cast<std::size_t>(fd)];
    if (from < 0) {
      close(fd);
    } else {
      dup2(from, fd);
      close(from);
    }
  }
}

} // namespace peer::test
