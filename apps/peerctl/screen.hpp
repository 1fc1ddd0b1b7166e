// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>
#include <string>
#include <vector>

namespace peerctl {

/// The alternate page of the terminal at standard output: a table at the top, the latest lines of events below. It is
/// shown from the first `draw` until `close`, which restores the page before.
class screen {
public:
  screen() = default;
  ~screen() { close(); }

  screen(const screen&) = delete;
  screen& operator=(const screen&) = delete;

  /// Adds a line. May be called by any thread.
  void add_line(std::string line);

  /// @param make_table makes the table's lines for a width
  void draw(const std::function<std::vector<std::string>(std::size_t width)>& make_table);

  /// Restores the page before. Waits at most `last_patience` for a terminal that is stopped.
  void close();

private:
  bool open_ = false; ///< whether the page is shown
  std::mutex mutex_;
  std::deque<std::string> lines_;
};

/// Whether standard output is a terminal.
bool has_terminal();

/// Stops this program as Ctrl-Z does, until it is continued. @pre SIGTSTP is blocked in all threads
void stop_until_continued();

/// Columns of the terminal at standard output; unlimited if that is not a terminal.
std::size_t terminal_width();

} // namespace peerctl
