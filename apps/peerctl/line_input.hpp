// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <optional>
#include <string>

namespace peerctl {

/// Reads lines from a descriptor, which may be non-blocking, until another one becomes readable.
class line_input {
public:
  line_input(int fd, int interrupted) : fd_(fd), interrupted_fd_(interrupted) {}

  /// The next line without its end; nothing at the end of the input, or if the wait for it was interrupted.
  std::optional<std::string> next();

  bool was_interrupted() const noexcept { return was_interrupted_; }

private:
  /// Returns false at the end.
  bool read_more();

  int fd_;
  int interrupted_fd_;
  bool was_interrupted_ = false;
  std::string text_; ///< that was read and not returned
};

} // namespace peerctl
