// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "screen.hpp"
#include "ready_output.hpp"
#include "text_width.hpp"

#include <algorithm>
#include <limits>
#include <utility>

#include <signal.h>
#include <sys/ioctl.h>
#include <unistd.h>

namespace peerctl {

namespace {

constexpr auto kept_lines = std::size_t{500};

// ECMA-48 and xterm ("Alternate Screen Buffer", "Show cursor").
constexpr auto open_page = "\x1B[?1049h\x1B[?25l";
constexpr auto close_page = "\x1B[?25h\x1B[?1049l";
constexpr auto go_home = "\x1B[H";
constexpr auto clear_line = "\x1B[K";
constexpr auto clear_below = "\x1B[J";

/// The size of the terminal; 0 for what is not known.
winsize size_of_terminal() {
  auto result = winsize{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &result) != 0)
    return {};
  return result;
}

} // namespace

void screen::close() {
  if (std::exchange(open_, false))
    static_cast<void>(write_ready(STDOUT_FILENO, close_page, last_patience));
}

void screen::add_line(std::string line) {
  auto guard = std::lock_guard{mutex_};
  lines_.push_back(std::move(line));
  if (lines_.size() > kept_lines)
    lines_.pop_front();
}

void screen::draw(const std::function<std::vector<std::string>(std::size_t)>& make_table) {
  if (!std::exchange(open_, true))
    write_ready(STDOUT_FILENO, open_page);
  auto height = std::size_t{size_of_terminal().ws_row};
  if (height == 0)
    height = 24;
  auto width = terminal_width();
  auto page = make_table(width);
  if (page.size() > height) {
    auto hidden = page.size() - height + 1;
    page.resize(height - 1);
    page.push_back(cut("... " + std::to_string(hidden) + " more; see peerctl status", width));
  }
  if (page.size() + 2 <= height) {
    page.emplace_back();
    auto guard = std::lock_guard{mutex_};
    auto fit = std::min(lines_.size(), height - page.size());
    for (auto line = lines_.end() - static_cast<std::ptrdiff_t>(fit); line != lines_.end(); ++line)
      page.push_back(cut(*line, width));
  }
  auto text = std::string{go_home};
  for (auto i = std::size_t{0}; i < page.size(); ++i)
    text += (i > 0 ? "\r\n" : "") + page[i] + clear_line;
  write_ready(STDOUT_FILENO, text + clear_below); // a terminal that was stopped gets the next page
}

bool has_terminal() {
  return isatty(STDOUT_FILENO) != 0;
}

void stop_until_continued() {
  sigset_t only;
  sigemptyset(&only);
  sigaddset(&only, SIGTSTP);
  sigset_t before;
  raise(SIGTSTP); // of this thread, which blocks it
  pthread_sigmask(SIG_UNBLOCK, &only, &before);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

std::size_t terminal_width() {
  auto columns = std::size_t{size_of_terminal().ws_col};
  return columns > 0 ? columns : has_terminal() ? 80 : std::numeric_limits<std::size_t>::max();
}

} // namespace peerctl
