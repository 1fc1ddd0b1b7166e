// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace peerctl {

/// How long the last output waits for a slow reader.
constexpr auto last_patience = std::chrono::milliseconds{500};

/// Writes as much to a pipe or terminal as that accepts without waiting. After an error, such as a closed pipe, the
/// rest counts as written.
/// @param patience how long to wait each time that it accepts nothing
/// @returns the number of bytes written
std::size_t write_ready(int descriptor, std::string_view text, std::chrono::milliseconds patience = {});

/// Lines for standard output or standard error, whose reader may be slow or stopped.
class ready_output {
public:
  explicit ready_output(int descriptor) : descriptor_(descriptor) {}

  /// Adds a line; it is dropped if 1 MiB waits already.
  void add(const std::string& line);

  /// Writes what waits, as far as `write_ready` can.
  void flush(std::chrono::milliseconds patience = {});

  bool empty() const noexcept { return waiting_.empty(); }

private:
  int descriptor_;
  std::string waiting_;
  std::size_t lost_ = 0; ///< lines
};

} // namespace peerctl
