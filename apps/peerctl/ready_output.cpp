// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "ready_output.hpp"

#include <algorithm>
#include <cerrno>
#include <climits>

#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace peerctl {

namespace {

constexpr auto most_waiting = std::size_t{1} << 20;

/// `add_slowly` waits while more waits than this.
constexpr auto slow_from = std::size_t{1} << 16;

/// What a descriptor accepts at once when it is ready: a pipe PIPE_BUF bytes (POSIX), a terminal 256 (Linux:
/// WAKEUP_CHARS).
std::size_t most_at_once(int fd) {
  return isatty(fd) != 0 ? 256 : PIPE_BUF;
}

/// The beginning of a text of at most `most` bytes: whole lines if possible.
std::string_view next_piece(std::string_view text, std::size_t most) {
  auto piece = text.substr(0, most);
  auto end = piece.rfind('\n');
  return end == std::string_view::npos || text.size() <= most ? piece : piece.substr(0, end + 1);
}

} // namespace

written write_ready(int fd, std::string_view text, std::chrono::milliseconds patience) {
  auto most = most_at_once(fd);
  auto result = written{};
  while (result.bytes < text.size()) {
    auto out = pollfd{fd, POLLOUT, 0};
    auto ready = poll(&out, 1, static_cast<int>(patience.count()));
    if (ready < 0 && errno == EINTR)
      continue;
    if (ready <= 0)
      return result;
    auto piece = next_piece(text.substr(result.bytes), most);
    auto count = write(fd, piece.data(), piece.size());
    if (count >= 0)
      result.bytes += static_cast<std::size_t>(count);
    else if (errno == EAGAIN)
      return result;
    else if (errno != EINTR) {
      result.error = errno;
      return result;
    }
  }
  return result;
}

int write_all(int fd, std::string_view text, int interrupted) {
  for (;;) {
    auto done = write_ready(fd, text);
    if (done.error != 0)
      return done.error;
    text.remove_prefix(done.bytes);
    if (text.empty())
      return 0;
    pollfd ready[] = {{fd, POLLOUT, 0}, {interrupted, POLLIN, 0}};
    if (poll(ready, 2, -1) < 0 && errno != EINTR)
      return errno;
    if (ready[0].revents == 0 && ready[1].revents != 0)
      return ECANCELED;
  }
}

ready_output::ready_output(int fd) : fd_(fd), closed_(eventfd(0, EFD_CLOEXEC)) {
  // nop
}

void ready_output::add(std::string_view line) {
  auto guard = std::lock_guard{mutex_};
  if (!open_)
    return;
  if (waiting_.size() > most_waiting)
    ++lost_;
  else
    waiting_.append(line).append("\n");
  write_waiting({});
}

void ready_output::add_slowly(std::string_view line) {
  for (;;) {
    {
      auto guard = std::lock_guard{mutex_};
      write_waiting({});
      if (!open_)
        return;
      if (waiting_.size() < slow_from) {
        waiting_.append(line).append("\n");
        return write_waiting({});
      }
    }
    pollfd ready[] = {{fd_, POLLOUT, 0}, {closed_.get(), POLLIN, 0}};
    poll(ready, 2, -1);
  }
}

void ready_output::flush(std::chrono::milliseconds patience) {
  auto guard = std::lock_guard{mutex_};
  write_waiting(patience);
}

void ready_output::close() {
  {
    auto guard = std::lock_guard{mutex_};
    open_ = false;
    waiting_.clear();
  }
  eventfd_write(closed_.get(), 1);
}

bool ready_output::empty() {
  auto guard = std::lock_guard{mutex_};
  return waiting_.empty();
}

int ready_output::error() {
  auto guard = std::lock_guard{mutex_};
  return error_;
}

void ready_output::write_waiting(std::chrono::milliseconds patience) {
  auto write = [this, patience] {
    auto done = write_ready(fd_, waiting_, patience);
    if (done.error != 0 && error_ == 0)
      error_ = done.error;
    waiting_.erase(0, done.error != 0 ? waiting_.size() : done.bytes);
  };
  write();
  if (waiting_.empty() && lost_ > 0) {
    waiting_ = "peerctl: " + std::to_string(lost_) + " lines were lost because the output was not read in time\n";
    lost_ = 0;
    write();
  }
}

} // namespace peerctl
