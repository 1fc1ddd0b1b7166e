// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "process/descriptor.hpp"

#include "peer/error.hpp"
#include "process/close_on_fork.hpp"

#include "caf/expected.hpp"

#include <cerrno>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

namespace peer::internal::process {

namespace {

caf::expected<socket_ends> make_sockets(int type, std::string_view purpose) {
  int fds[2];
  fork_pause pause;
  if (socketpair(AF_UNIX, type | SOCK_CLOEXEC, 0, fds) == 0) {
    auto ends = socket_ends{descriptor{fds[0]}, descriptor{fds[1]}};
    ends.first = above_standard_streams(std::move(ends.first));
    ends.second = above_standard_streams(std::move(ends.second));
    if (ends.first && ends.second) {
      pause.close_on_fork(ends.first.get());
      pause.close_on_fork(ends.second.get());
      return ends;
    }
  }
  return system_failure("cannot make a socket pair for " + std::string{purpose}, errno);
}

} // namespace

void descriptor::reset() noexcept {
  if (fd_ >= 0)
    close(std::exchange(fd_, -1));
}

caf::expected<pipe_ends> make_pipe(std::string_view purpose) {
  int fds[2];
  fork_pause pause;
  if (pipe2(fds, O_CLOEXEC) == 0) {
    auto ends = pipe_ends{descriptor{fds[0]}, descriptor{fds[1]}};
    ends.read = above_standard_streams(std::move(ends.read));
    ends.write = above_standard_streams(std::move(ends.write));
    if (ends.read && ends.write) {
      pause.close_on_fork(ends.read.get());
      pause.close_on_fork(ends.write.get());
      return ends;
    }
  }
  return system_failure("cannot make a pipe for " + std::string{purpose}, errno);
}

caf::expected<socket_ends> make_socket_pair(std::string_view purpose) {
  return make_sockets(SOCK_STREAM, purpose);
}

caf::expected<socket_ends> make_packet_pair(std::string_view purpose) {
  return make_sockets(SOCK_SEQPACKET, purpose);
}

descriptor above_standard_streams(descriptor fd) {
  if (!fd || fd.get() > STDERR_FILENO)
    return fd;
  return descriptor{fcntl(fd.get(), F_DUPFD_CLOEXEC, STDERR_FILENO + 1)};
}

caf::expected<descriptor> open_null() {
  auto fd = above_standard_streams(descriptor{open("/dev/null", O_RDWR | O_CLOEXEC)});
  if (!fd)
    return system_failure("cannot open /dev/null", errno);
  return fd;
}

void set_nonblocking(int fd) noexcept {
  fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

bool is_shortage(int code) noexcept {
  return code == EMFILE || code == ENFILE || code == ENOBUFS || code == ENOMEM;
}

caf::error system_failure(std::string_view what, int code) {
  return caf::make_error(errc::system_failure, std::string{what} + ": " + std::generic_category().message(code),
                         std::int32_t{code});
}

} // namespace peer::internal::process
