// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "line_input.hpp"

#include <cerrno>
#include <utility>

#include <poll.h>
#include <unistd.h>

namespace peerctl {

std::optional<std::string> line_input::next() {
  auto searched = std::size_t{0};
  for (;;) {
    if (auto end = text_.find('\n', searched); end != std::string::npos) {
      auto line = text_.substr(0, end);
      text_.erase(0, end + 1);
      return line;
    }
    searched = text_.size();
    if (read_more())
      continue;
    if (was_interrupted_ || text_.empty())
      return std::nullopt;
    return std::exchange(text_, {}); // the last line has no end
  }
}

bool line_input::read_more() {
  for (;;) {
    pollfd ready[] = {{fd_, POLLIN, 0}, {interrupted_fd_, POLLIN, 0}};
    if (poll(ready, 2, -1) < 0 && errno == EINTR)
      continue;
    if (ready[1].revents != 0) {
      was_interrupted_ = true;
      return false;
    }
    char buffer[4096];
    auto count = read(fd_, buffer, sizeof(buffer));
    if (count > 0)
      text_.append(buffer, static_cast<std::size_t>(count));
    if (count >= 0 || (errno != EINTR && errno != EAGAIN))
      return count > 0;
  }
}

} // namespace peerctl
