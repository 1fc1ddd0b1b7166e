// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "commands.hpp"
#include "control_socket.hpp"
#include "peer/console.hpp"
#include "peer/supervisor.hpp"
#include "ready_output.hpp"
#include "screen.hpp"
#include "signals.hpp"
#include "table.hpp"
#include "tree_file.hpp"
#include "tree_view.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <csignal>
#include <ctime>
#include <memory>
#include <optional>
#include <sstream>
#include <thread>

#include <unistd.h>

namespace peerctl {

namespace {

using clock = std::chrono::steady_clock;

/// The longest and the shortest time between two tables.
constexpr auto redraw = std::chrono::seconds{1};
constexpr auto redraw_pause = std::chrono::milliseconds{100};

/// Where events and errors are shown: lines on standard output and standard error, or a terminal's page.
class display {
public:
  display() : page_(has_terminal() ? std::make_shared<screen>() : nullptr) {}

  bool is_terminal() const noexcept { return page_ != nullptr; }

  void show(const std::string& line) {
    if (page_) {
      page_->add_line(line);
      return;
    }
    output_.add(line);
    output_.flush();
  }

  void complain(const std::string& text) {
    if (!page_) {
      errors_.add("peerctl: " + text);
      errors_.flush();
      return;
    }
    auto lines = std::istringstream{"peerctl: " + text};
    for (auto line = std::string{}; std::getline(lines, line);)
      page_->add_line(line);
  }

  /// Whether lines wait for their reader.
  bool is_behind() const noexcept { return !output_.empty() || !errors_.empty(); }

  void flush(std::chrono::milliseconds patience) {
    output_.flush(patience);
    errors_.flush(patience);
  }

  void draw(tree_view& tree) const {
    auto rows = tree.rows();
    page_->draw([&rows](std::size_t width) { return table_lines(rows, std::time(nullptr), width); });
  }

  /// Sinks for children's output.
  console_factory console() const {
    return [page = page_](const std::string& path, bool prefix) -> peer::sink_factory {
      if (!page)
        return [path, prefix](const auto& where, const std::string&) { // the child's path is the name
          return peer::console_output(prefix)(where, path);
        };
      auto head = prefix ? "[" + path + "] " : std::string{};
      return peer::line_output([page, head](const peer::output_line& line) { page->add_line(head + line.text); });
    };
  }

  /// Restores the terminal.
  void close() const {
    if (page_)
      page_->close();
  }

  /// Restores the terminal and writes a last line to standard error.
  void close(const std::string& text) {
    close();
    errors_.add("peerctl: " + text);
    errors_.flush(last_patience);
  }

private:
  std::shared_ptr<screen> page_;
  ready_output output_{STDOUT_FILENO};
  ready_output errors_{STDERR_FILENO};
};

/// Applies a changed tree: the children of supervisors that go on are changed one supervisor after the other, from the
/// root on.
caf::error apply(const peer::supervisor& target, const peer::supervisor& root, const peer::supervisor_spec& spec,
                 const std::string& prefix) {
  auto failed = target.apply(spec);
  if (failed && failed != peer::errc::failed_to_start_child)
    return failed;
  for (auto& child : spec.children) {
    auto tree = std::get_if<peer::supervisor_spec>(&child.start);
    auto path = prefix + child.id;
    auto below = tree != nullptr ? root.at(path) : caf::expected<peer::supervisor>{caf::error{}};
    if (!below)
      continue; // not a supervisor, or one that does not run and starts with the new children
    if (auto err = apply(*below, root, *tree, path + "/"); err && !failed)
      failed = std::move(err);
  }
  return failed;
}

/// An event on one line. The reason for a restart was shown with the end of the child.
std::string line_of(peer::supervisor_event event) {
  if (event.kind == peer::event_kind::restarting)
    event.reason = {};
  auto result = std::string{};
  auto lines = std::istringstream{peer::describe(event)};
  for (auto line = std::string{}; std::getline(lines, line);) {
    auto begin = std::min(line.find_first_not_of(' '), line.size());
    auto between = result.empty() ? "" : result.ends_with(':') ? " " : " | ";
    result += between + line.substr(begin);
  }
  return result;
}

/// One `peerctl supervise`.
class session {
public:
  session(caf::actor_system& sys, std::string file, std::string socket)
      : sys_(sys), self_(sys), file_(std::move(file)), socket_path_(std::move(socket)) {}

  /// @returns the program's exit status
  int run() {
    auto tree = load_tree(file_, display_.console());
    if (!tree)
      return end(usage, peer::text_of(tree.error()));
    if (socket_path_.empty())
      socket_path_ = tree->socket.empty() ? default_socket() : tree->socket;
    auto socket = control_socket::open(socket_path_);
    if (!socket)
      return end(not_started, peer::describe(socket.error()));
    if (auto failed = start(std::move(tree->spec)))
      return end(usage, peer::describe(failed));
    (*socket)->serve([this](const control_request& what) { return carry_out(what, *root_, *view_); });
    {
      auto signals =
          signal_watch{{SIGINT, SIGTERM, SIGQUIT, SIGHUP}, [me = caf::actor_cast<caf::actor>(self_)](int number) {
                         caf::anon_send(me, std::int32_t{number});
                       }};
      while (!over_)
        receive();
    }
    if (applying_.joinable())
      applying_.join();
    socket->reset();
    return finish();
  }

private:
  caf::error start(peer::supervisor_spec spec) {
    auto root = peer::spawn_supervisor(sys_, std::move(spec), {caf::actor_cast<caf::actor>(self_)});
    if (!root)
      return std::move(root.error());
    self_->monitor(*root);
    root_.emplace(sys_, std::move(*root));
    view_ = std::make_unique<tree_view>(*root_);
    return {};
  }

  // -- what happens ---

  void receive() {
    auto wait = std::chrono::ceil<std::chrono::milliseconds>(next_draw_ - clock::now());
    self_->receive([this](const peer::supervisor_event& event) { on_event(event); },
                   [this](std::int32_t signal) { on_signal(signal); },
                   [this](const std::string& problem) { on_applied(problem); },
                   [this](const caf::down_msg& end) { on_end(end.reason); },
                   caf::after(std::max(wait, std::chrono::milliseconds{0})) >> [this] { draw(); });
  }

  void draw() {
    if (display_.is_terminal())
      display_.draw(*view_);
    display_.flush({});
    last_draw_ = clock::now();
    next_draw_ = last_draw_ + (display_.is_behind() ? redraw_pause : redraw);
  }

  void draw_soon() { next_draw_ = std::min(next_draw_, last_draw_ + redraw_pause); }

  void on_event(const peer::supervisor_event& event) {
    display_.show(line_of(event));
    if (event.kind == peer::event_kind::gave_up && event.path.find('/') == std::string::npos)
      gave_up_ = event;
    draw_soon();
  }

  void on_signal(int number) {
    auto hung_up = number == SIGHUP && display_.is_terminal() && !has_terminal();
    if (number == SIGHUP && stopping_)
      return; // a terminal that is closed may send several
    if (number == SIGHUP && !hung_up)
      return reload();
    if (std::exchange(stopping_, true) || number == SIGQUIT) {
      killed_by_ = number;
      caf::anon_send_exit(caf::actor_cast<caf::actor>(root_->actor()), caf::exit_reason::kill);
      return;
    }
    display_.show("peerctl: stopping");
    caf::anon_send(root_->actor(), peer::stop_atom_v);
    draw_soon();
  }

  void on_end(const caf::error& reason) {
    over_ = true;
    reason_ = reason;
    auto more = true; // its end has overtaken events
    while (more)
      self_->receive([this](const peer::supervisor_event& event) { on_event(event); }, [](std::int32_t) {},
                     [](const std::string&) {}, caf::after(std::chrono::milliseconds{0}) >> [&more] { more = false; });
  }

  // -- a changed file ---

  void reload() {
    if (stopping_)
      return;
    peer::reopen_files(sys_); // they may have been renamed
    if (applying_.joinable()) {
      reload_again_ = true;
      return;
    }
    auto tree = load_tree(file_, display_.console());
    if (!tree)
      return on_applied(peer::text_of(tree.error()));
    auto me = caf::actor_cast<caf::actor>(self_);
    applying_ = std::thread{[me, root = *root_, spec = std::move(tree->spec)] {
      auto failed = apply(root, root, spec, {});
      caf::anon_send(me, failed ? peer::describe(failed) : std::string{});
    }};
  }

  void on_applied(const std::string& problem) {
    if (applying_.joinable())
      applying_.join();
    if (problem.empty())
      display_.show("peerctl: " + file_ + " has been applied");
    else
      display_.complain(problem);
    draw_soon();
    if (std::exchange(reload_again_, false))
      reload();
  }

  // -- the end ---

  int finish() {
    peer::flush_console(sys_, last_patience);
    display_.flush(last_patience);
    if (killed_by_ != 0)
      return end(128 + killed_by_, "killed");
    if (gave_up_)
      return end(not_started, "gave up after too many restarts: " + line_of(*gave_up_));
    if (reason_ && reason_ != caf::exit_reason::user_shutdown)
      return end(not_started, peer::describe(reason_));
    display_.close();
    return done;
  }

  int end(int status, const std::string& text) {
    display_.close(text);
    return status;
  }

  caf::actor_system& sys_;
  caf::scoped_actor self_;
  std::string file_;
  std::string socket_path_;
  display display_;
  std::optional<peer::supervisor> root_;
  std::unique_ptr<tree_view> view_;
  std::thread applying_;
  bool reload_again_ = false;
  bool stopping_ = false;
  bool over_ = false;
  int killed_by_ = 0; ///< SIGQUIT, or the second signal
  caf::error reason_; ///< of the root's end
  std::optional<peer::supervisor_event> gave_up_;
  clock::time_point last_draw_;
  clock::time_point next_draw_;
};

} // namespace

int supervise(caf::actor_system& sys, const request& what) {
  std::signal(SIGPIPE, SIG_IGN); // the reader of the events may close its end
  return session{sys, what.file, what.socket}.run();
}

} // namespace peerctl
