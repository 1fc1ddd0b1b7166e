// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tests/support/process_facts.hpp"

#include <array>
#include <cerrno>
#include <csignal>

#include <sys/wait.h>
#include <unistd.h>

namespace peer::test {

bool is_gone(pid_t id) {
  return kill(id, 0) != 0 && errno == ESRCH;
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

std::string in_fork(const std::function<std::string()>& body) {
  int ends[2];
  if (pipe(ends) != 0)
    return "cannot make a pipe";
  auto id = fork();
  if (id == 0) {
    auto result = body();
    auto written = write(ends[1], result.data(), result.size());
    _exit(written == static_cast<ssize_t>(result.size()) ? 0 : 1);
  }
  close(ends[1]);
  auto result = read_to_end(ends[0]);
  close(ends[0]);
  auto status = 0;
  waitpid(id, &status, 0);
  return status == 0 ? result : "ended with wait status " + std::to_string(status);
}

} // namespace peer::test
