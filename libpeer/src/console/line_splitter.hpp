// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace peer::internal::console {

/// Splits text that arrives in pieces into lines.
class line_splitter {
public:
  /// A longer line is passed on in pieces of this many bytes.
  static constexpr std::size_t max_line = std::size_t{64} << 10;

  /// Calls `handler(std::string_view line)` for each line that `text` completes, without the newline.
  template <class Handler>
  void feed(std::string_view text, Handler&& handler) {
    while (!text.empty()) {
      auto end = text.find('\n');
      auto piece = text.substr(0, end);
      while (partial_.size() + piece.size() > max_line) {
        auto room = max_line - partial_.size();
        partial_.append(piece.substr(0, room));
        piece.remove_prefix(room);
        handler(std::string_view{partial_});
        partial_.clear();
      }
      if (end == std::string_view::npos) {
        partial_.append(piece);
        return;
      }
      if (partial_.empty()) {
        handler(piece);
      } else {
        partial_.append(piece);
        handler(std::string_view{partial_});
        partial_.clear();
      }
      text.remove_prefix(end + 1);
    }
  }

  /// Passes on a last line that has no newline.
  template <class Handler>
  void finish(Handler&& handler) {
    if (partial_.empty())
      return;
    handler(std::string_view{partial_});
    partial_.clear();
  }

private:
  std::string partial_;
};

/// Holds back a UTF-8 character that arrived only in part.
class utf8_joiner {
public:
  /// Returns what was held back and `text`, up to the last whole character. The view is valid
  /// until the next call. Invalid UTF-8 is passed on as it is.
  std::string_view feed(std::string_view text);

  /// What is still held back.
  std::string finish() { return std::exchange(held_, {}); }

private:
  std::string held_;
  std::string joined_;
};

} // namespace peer::internal::console
