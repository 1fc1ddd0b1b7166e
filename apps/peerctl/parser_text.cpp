// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "parser_text.hpp"
#include "duration.hpp"

#include <algorithm>

namespace peerctl {

namespace {

constexpr auto byte_order_mark = std::string_view{"\xEF\xBB\xBF"};

/// Whether a character may stand in a name or a number.
bool is_in_word(char x) {
  return (x >= '0' && x <= '9') || (x >= 'a' && x <= 'z') || (x >= 'A' && x <= 'Z') || x == '_' || x == '-' || x == '.';
}

/// The length of the quoted text or comment that the text begins with, or 0.
std::size_t length_of_other(std::string_view text) {
  if (text.front() == '#')
    return std::min(text.find('\n'), text.size());
  if (text.front() != '"' && text.front() != '\'')
    return 0;
  for (auto i = std::size_t{1}; i < text.size(); ++i)
    if (text[i] == '\\')
      ++i;
    else if (text[i] == text.front() || text[i] == '\n')
      return i + 1;
  return text.size();
}

std::size_t length_of_time(std::string_view text) {
  auto sign = text.starts_with('-') ? std::size_t{1} : std::size_t{0};
  auto length = length_of_duration(text.substr(sign));
  auto end = sign + length;
  return length == 0 || (end < text.size() && is_in_word(text[end])) ? 0 : end;
}

} // namespace

parser_text::parser_text(std::string_view original) {
  if (original.starts_with(byte_order_mark))
    original.remove_prefix(byte_order_mark.size());
  auto source = std::string{original};
  for (auto at = source.find("\r\n"); at != std::string::npos; at = source.find("\r\n", at))
    source.erase(at, 1);
  auto rest = std::string_view{source};
  auto take = [&](std::size_t length) {
    text_ += rest.substr(0, length);
    rest.remove_prefix(length);
  };
  while (!rest.empty()) {
    auto begins_word = text_.empty() || !is_in_word(text_.back());
    if (auto other = length_of_other(rest); other > 0) {
      take(other);
    } else if (auto time = begins_word ? length_of_time(rest) : 0; time > 0) {
      insert('"');
      insert(time_mark);
      take(time);
      insert('"');
    } else {
      take(1);
    }
  }
}

std::size_t parser_text::column(std::size_t offset) const {
  auto newline = offset > 0 ? text_.rfind('\n', offset - 1) : std::string::npos;
  auto begin = newline == std::string::npos ? 0 : newline + 1;
  auto not_in_original =
      std::count_if(inserted_.begin(), inserted_.end(), [&](auto x) { return x >= begin && x < offset; });
  return offset - begin - static_cast<std::size_t>(not_in_original) + 1;
}

void parser_text::insert(char x) {
  inserted_.push_back(text_.size());
  text_ += x;
}

} // namespace peerctl
