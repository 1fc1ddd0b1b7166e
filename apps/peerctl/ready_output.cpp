// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "ready_output.hpp"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <unistd.h>

namespace peerctl {

namespace {

constexpr auto most_waiting = std::size_t{1} << 20;

/// A pipe that is ready accepts this much at once (PIPE_BUF is more), and so does a terminal (Linux: WAKEUP_CHARS).
constexpr auto piece = std::size_t{256};

} // namespace

std::size_t write_ready(int descriptor, std::string_view text, std::chrono::milliseconds patience) {
  auto done = std::size_t{0};
  while (done < text.size()) {
    auto out = pollfd{descriptor, POLLOUT, 0};
    auto ready = poll(&out, 1, static_cast<int>(patience.count()));
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0)
      return done;
    auto written = write(descriptor, text.data() + done, std::min(piece, text.size() - done));
    if (written >= 0)
      done += static_cast<std::size_t>(written);
    else if (errno == EAGAIN)
      return done;
    else if (errno != EINTR)
      return text.size();
  }
  return done;
}

void ready_output::add(const std::string& line) {
  if (waiting_.size() > most_waiting)
    ++lost_;
  else
    waiting_ += line + "\n";
}

void ready_output::flush(std::chrono::milliseconds patience) {
  waiting_.erase(0, write_ready(descriptor_, waiting_, patience));
  if (waiting_.empty() && lost_ > 0) {
    waiting_ = "peerctl: " + std::to_string(lost_) + " lines were lost because the output was not read in time\n";
    lost_ = 0;
    waiting_.erase(0, write_ready(descriptor_, waiting_, patience));
  }
}

} // namespace peerctl
