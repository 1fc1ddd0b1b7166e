// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace peerctl {

/// A file's text as CAF's parser gets it: without a byte order mark, with plain line ends, and with each time as a text
/// that begins with `time_mark`. CAF reads times otherwise than `parse_duration`.
class parser_text {
public:
  /// Does not occur in files: `parse_config` refuses it.
  static constexpr char time_mark = '\x01';

  explicit parser_text(std::string_view original);

  const std::string& text() const noexcept { return text_; }

  /// The column of the original text, from 1 on, where the parser is at `offset`.
  std::size_t column(std::size_t offset) const;

private:
  void insert(char x);

  std::string text_;
  std::vector<std::size_t> inserted_; ///< offsets of characters that the original does not have
};

} // namespace peerctl
