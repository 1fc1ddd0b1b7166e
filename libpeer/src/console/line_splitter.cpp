// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/line_splitter.hpp"

#include <algorithm>
#include <bit>

namespace peer::internal::console {

namespace {

/// The number of bytes at the end of `text` that begin a character whose rest is missing.
std::size_t incomplete_tail(std::string_view text) {
  auto longest = std::min<std::size_t>(text.size(), 3);
  for (std::size_t back = 1; back <= longest; ++back) {
    auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if ((byte & 0xC0) == 0x80)
      continue;
    auto length = static_cast<std::size_t>(std::countl_one(byte));
    return length >= 2 && length <= 4 && length > back ? back : 0;
  }
  return 0;
}

} // namespace

std::string_view utf8_joiner::feed(std::string_view text) {
  if (!held_.empty()) {
    joined_ = std::exchange(held_, {}).append(text);
    text = joined_;
  }
  auto tail = incomplete_tail(text);
  held_ = text.substr(text.size() - tail);
  return text.substr(0, text.size() - tail);
}

} // namespace peer::internal::console
