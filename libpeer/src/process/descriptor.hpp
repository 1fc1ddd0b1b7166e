// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/fwd.hpp"

#include <string_view>
#include <utility>

namespace peer::internal::process {

/// Owns a file descriptor.
class descriptor {
public:
  descriptor() noexcept = default;

  explicit descriptor(int fd) noexcept : fd_(fd) {}

  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  ~descriptor() { reset(); }

  /// The number, or -1.
  int get() const noexcept { return fd_; }

  /// Gives up ownership.
  int release() noexcept { return std::exchange(fd_, -1); }

  void reset() noexcept;

  explicit operator bool() const noexcept { return fd_ >= 0; }

private:
  int fd_ = -1;
};

/// The two ends of a pipe. Both are close-on-exec and closed in forked children, and neither is 0, 1 or 2.
struct pipe_ends {
  descriptor read;
  descriptor write;
};

/// Makes a pipe. `purpose` names it in the error (`errc::system_failure`).
caf::expected<pipe_ends> make_pipe(std::string_view purpose);

/// The two ends of a connection in both directions. Both are close-on-exec and closed in forked children, and neither
/// is 0, 1 or 2.
struct socket_ends {
  descriptor first;
  descriptor second;
};

/// Makes a pair of connected sockets that keep packets apart (SOCK_SEQPACKET). `purpose` names it in the error.
caf::expected<socket_ends> make_packet_pair(std::string_view purpose);

/// Makes a pair of connected stream sockets. `purpose` names it in the error (`errc::system_failure`).
caf::expected<socket_ends> make_socket_pair(std::string_view purpose);

/// Moves `fd` out of the range of the standard streams, which a host without stdin may get. A child's streams are made
/// by dup2 onto these numbers, which would overwrite a source among them. The result is close-on-exec.
descriptor above_standard_streams(descriptor fd);

/// Opens the null device for reading and writing, close-on-exec and never as 0, 1 or 2.
caf::expected<descriptor> open_null();

/// Makes `fd` nonblocking.
void set_nonblocking(int fd) noexcept;

/// Whether an errno value means a shortage that may pass: of descriptors or of memory.
bool is_shortage(int code) noexcept;

/// The error for a failed system call: "`what`: text of `code`".
caf::error system_failure(std::string_view what, int code);

} // namespace peer::internal::process
