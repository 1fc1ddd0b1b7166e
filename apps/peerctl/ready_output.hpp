// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace peerctl {

/// Writes as much to standard output as that takes without waiting. What nobody will ever read counts as written.
/// @param patience how long to wait each time that it takes nothing
/// @returns how many bytes it took
std::size_t write_ready(std::string_view text, std::chrono::milliseconds patience = {});

/// Lines for standard output, whose reader may be slow or not read at all.
class ready_output {
public:
  /// Adds a line; it is lost if 1 MiB waits already.
  void add(const std::string& line);

  /// Writes what waits, as far as `write_ready` does.
  void flush(std::chrono::milliseconds patience = {});

  bool empty() const noexcept { return waiting_.empty(); }

private:
  std::string waiting_;
  std::size_t lost_ = 0; ///< lines
};

} // namespace peerctl
