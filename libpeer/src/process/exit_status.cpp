// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/process.hpp"

#include <cstring>

namespace peer {

int shell_status(const exit_status& status) noexcept {
  switch (status.how) {
  case exit_status::kind::exited:
    return status.value;
  case exit_status::kind::signaled:
    return 128 + status.value;
  case exit_status::kind::unknown:
    break;
  }
  return -1;
}

std::string to_string(const exit_status& status) {
  switch (status.how) {
  case exit_status::kind::exited:
    return "exited with status " + std::to_string(status.value);
  case exit_status::kind::signaled: {
    auto name = sigabbrev_np(status.value);
    auto text = "killed by signal " + std::to_string(status.value);
    if (name != nullptr)
      text.append(" (SIG").append(name).append(")");
    return status.core_dumped ? text + ", core dumped" : text;
  }
  case exit_status::kind::unknown:
    break;
  }
  return "ended with an unknown status: the program ignores SIGCHLD or has reaped the process itself";
}

} // namespace peer
