// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/line_splitter.hpp"
#include "console/sink.hpp"

#include <array>
#include <string_view>
#include <vector>

namespace peer::internal::console {

/// Keeps the text of each stream until a line is whole, and passes on whole lines.
class line_sink : public sink {
public:
  void write(stream from, std::string_view text, done written) final;

  void finish() final;

protected:
  /// Passes on lines, none at times. `written` is to be called as in `sink::write`.
  virtual void put(std::vector<output_line> lines, done written) = 0;

private:
  line_splitter& splitter(stream from) { return splitters_[static_cast<std::size_t>(from)]; }

  std::array<line_splitter, 2> splitters_;
};

} // namespace peer::internal::console
