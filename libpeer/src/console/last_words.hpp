// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/line_splitter.hpp"

#include <cstddef>
#include <deque>
#include <string>
#include <string_view>
#include <vector>

namespace peer::internal::console {

/// Remembers the last lines that a peer wrote to stderr, at most `defaults::stderr_lines` of at most
/// `defaults::stderr_bytes` together.
class last_words {
public:
  void feed(std::string_view text);

  /// Adds a line that the peer did not write.
  void add(std::string_view line) { remember(line); }

  /// Takes the lines, the last one even if its newline has not come.
  std::vector<std::string> take();

private:
  void remember(std::string_view line);

  line_splitter splitter_;
  std::deque<std::string> lines_;
  std::size_t size_ = 0;
};

} // namespace peer::internal::console
