// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/last_words.hpp"

#include "peer/detail/defaults.hpp"

#include <utility>

namespace peer::internal::console {

void last_words::feed(std::string_view text) {
  splitter_.feed(text, [this](std::string_view line) { remember(line); });
}

std::vector<std::string> last_words::take() {
  splitter_.finish([this](std::string_view line) { remember(line); });
  size_ = 0;
  auto lines = std::exchange(lines_, {});
  return {std::make_move_iterator(lines.begin()), std::make_move_iterator(lines.end())};
}

void last_words::remember(std::string_view line) {
  lines_.emplace_back(line.substr(0, defaults::stderr_bytes));
  size_ += lines_.back().size();
  while (lines_.size() > defaults::stderr_lines || size_ > defaults::stderr_bytes) {
    size_ -= lines_.front().size();
    lines_.pop_front();
  }
}

} // namespace peer::internal::console
