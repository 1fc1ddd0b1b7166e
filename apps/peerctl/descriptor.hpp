// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <utility>

#include <unistd.h>

namespace peerctl {

/// Owns a file descriptor.
class descriptor {
public:
  explicit descriptor(int fd) noexcept : fd_(fd) {}

  descriptor(descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}

  descriptor& operator=(descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }

  ~descriptor() {
    if (fd_ >= 0)
      close(fd_);
  }

  /// The number, or -1.
  int get() const noexcept { return fd_; }

  explicit operator bool() const noexcept { return fd_ >= 0; }

private:
  int fd_;
};

} // namespace peerctl
