// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "descriptor.hpp"

#include <chrono>
#include <cstddef>
#include <mutex>
#include <string>
#include <string_view>

/// @file
/// Writing to standard output and standard error, whose reader may be slow, stopped or gone.

namespace peerctl {

/// How long the last output waits for a slow reader.
constexpr auto last_patience = std::chrono::milliseconds{500};

/// What a descriptor accepted.
struct written {
  std::size_t bytes = 0;
  int error = 0; ///< errno of the write that failed
};

/// Writes as much as a descriptor accepts without waiting. Lines are written whole if they have at most PIPE_BUF bytes.
/// @param patience how long to wait each time that it accepts nothing
written write_ready(int fd, std::string_view text, std::chrono::milliseconds patience = {});

/// Writes everything, and waits as long as it takes, or until the descriptor `interrupted` is readable (-1 for none).
/// @returns errno of the write that failed; ECANCELED if it was interrupted; 0 otherwise
int write_all(int fd, std::string_view text, int interrupted = -1);

/// Lines for one descriptor. Several threads may add lines; each line is written whole.
class ready_output {
public:
  explicit ready_output(int fd);

  /// Adds a line; it is dropped if 1 MiB waits already.
  void add(std::string_view line);

  /// Adds a line, but waits while much output waits for its reader.
  void add_slowly(std::string_view line);

  /// Writes what waits, as far as `write_ready` can.
  void flush(std::chrono::milliseconds patience = {});

  /// Drops what waits and what is added from now on.
  void close();

  bool empty();

  /// errno of the first write that failed, or 0. Lines that could not be written are dropped.
  int error();

private:
  void write_waiting(std::chrono::milliseconds patience);

  int fd_;
  descriptor closed_; ///< readable after `close`
  std::mutex mutex_;
  std::string waiting_;
  std::size_t lost_ = 0; ///< lines
  bool open_ = true;
  int error_ = 0;
};

} // namespace peerctl
