// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "commands.hpp"
#include "control_socket.hpp"
#include "peer/console.hpp"
#include "peer/supervisor.hpp"
#include "ready_output.hpp"
#include "screen.hpp"
#include "signals.hpp"
#include "socket_path.hpp"
#include "table.hpp"
#include "tree_file.hpp"
#include "tree_view.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <sstream>
#include <thread>

#include <sys/stat.h>
#include <unistd.h>

namespace peerctl {

namespace {

using clock = std::chrono::steady_clock;

/// The longest and the shortest time between two tables.
constexpr auto redraw = std::chrono::seconds{1};
constexpr auto redraw_pause = std::chrono::milliseconds{100};

bool is_same_file(int x, int y) {
  struct stat first = {};
  struct stat second = {};
  return fstat(x, &first) == 0 && fstat(y, &second) == 0 && first.st_dev == second.st_dev
      && first.st_ino == second.st_ino;
}

/// Where events and errors are shown: lines on standard output and standard error, or a terminal's page.
class display {
public:
  display()
      : page_(has_terminal() ? std::make_shared<screen>() : nullptr),
        errors_(is_same_file(STDOUT_FILENO, STDERR_FILENO) ? output_ : std::make_shared<ready_output>(STDERR_FILENO)) {}

  bool is_terminal() const noexcept { return page_ != nullptr; }

  void show(const std::string& line) {
    if (page_) {
      page_->add_line(line);
      return;
    }
    output_->add(line);
    complain_about_output();
  }

  void complain(const std::string& text) {
    if (!page_)
      return errors_->add("peerctl: " + text);
    auto lines = std::istringstream{"peerctl: " + text};
    for (auto line = std::string{}; std::getline(lines, line);)
      page_->add_line(line);
  }

  /// Whether events and errors are lines of the same file.
  bool has_one_place() const { return !page_ && output_ == errors_; }

  /// Whether lines wait for their reader.
  bool is_behind() const { return !output_->empty() || !errors_->empty(); }

  void flush(std::chrono::milliseconds patience) {
    output_->flush(patience);
    errors_->flush(patience);
    complain_about_output();
  }

  /// errno of the first line that could not be written, or 0. A reader that has gone does not count.
  int error() const { return output_->error() != EPIPE ? output_->error() : 0; }

  void draw(tree_view& tree) const {
    auto rows = tree.rows();
    page_->draw([&rows](std::size_t width) { return table_lines(rows, std::time(nullptr), width); });
  }

  /// Sinks for children's output.
  console_factory console() const {
    return [this](const std::string& path, bool prefix) -> peer::sink_factory {
      auto head = prefix ? "[" + path + "] " : std::string{};
      if (page_)
        return peer::line_output([page = page_, head](const auto& line) { page->add_line(head + line.text); });
      return peer::line_output([head, out = output_, err = errors_](const peer::output_line& line) {
        auto& target = line.from == peer::stream::standard_output ? out : err;
        target->add_slowly(head + line.text);
      });
    };
  }

  /// Restores the terminal until the next `draw`.
  void leave() const {
    if (page_)
      page_->close();
  }

  /// Restores the terminal and ends the output.
  void close() const {
    leave();
    output_->close();
    errors_->close();
  }

  /// Restores the terminal and writes a last line to standard error.
  void close(const std::string& text) const {
    leave();
    errors_->add("peerctl: " + text);
    errors_->flush(last_patience);
    close();
  }

private:
  void complain_about_output() {
    if (error() != 0 && !std::exchange(has_complained_, true))
      errors_->add(std::string{"peerctl: cannot write to standard output: "} + std::strerror(error()));
  }

  std::shared_ptr<screen> page_;
  bool has_complained_ = false; ///< about standard output
  std::shared_ptr<ready_output> output_ = std::make_shared<ready_output>(STDOUT_FILENO);
  std::shared_ptr<ready_output> errors_; ///< the same one if standard error is the same file
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
      failed = err == peer::errc::failed_to_start_child
                 ? peer::fail(peer::errc::failed_to_start_child, "in '" + path + "': " + peer::describe(err))
                 : err;
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

/// The error of a boot without its cause, which the events have shown.
std::string without_cause(const caf::error& failed) {
  constexpr auto phrase = std::string_view{"could not be started"};
  auto text = peer::describe(failed);
  auto child = text.rfind("child '");
  auto at = child != std::string::npos ? text.find(phrase, child) : child;
  return at != std::string::npos ? text.substr(0, at + phrase.size()) : text;
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
    socket_ = std::move(*socket);
    if (auto failed = start(std::move(tree->spec)))
      return end(usage, peer::describe(failed));
    socket_->serve([this](const control_request& what) { return carry_out(what, *root_, *view_, restarting_); });
    {
      auto signals = signal_watch{{SIGINT, SIGTERM, SIGQUIT, SIGHUP, SIGTSTP},
                                  [this, me = caf::actor_cast<caf::actor>(self_)](int number) {
                                    if (number == SIGHUP || !copies_.is_copy(number)) // each change of the file counts
                                      caf::anon_send(me, std::int32_t{number});
                                  }};
      while (!over_)
        receive();
    }
    if (applying_.joinable())
      applying_.join();
    socket_.reset();
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
    watch_socket();
    if (display_.is_terminal())
      display_.draw(*view_);
    display_.flush({});
    last_draw_ = clock::now();
    next_draw_ = last_draw_ + (display_.is_behind() ? redraw_pause : redraw);
  }

  /// Reports once that the file of the socket has been removed or replaced.
  void watch_socket() {
    if (!std::exchange(is_socket_lost_, !socket_->is_in_place()) && is_socket_lost_)
      display_.complain("the socket " + socket_path_ + " has been removed: SIGHUP makes it again");
  }

  void renew_socket() {
    if (socket_->is_in_place())
      return;
    if (auto failed = socket_->renew())
      display_.complain(peer::describe(failed));
    else
      display_.show("peerctl: the socket " + socket_path_ + " has been made again");
  }

  void draw_soon() { next_draw_ = std::min(next_draw_, last_draw_ + redraw_pause); }

  void on_event(const peer::supervisor_event& event) {
    display_.show(line_of(event));
    if (event.kind == peer::event_kind::gave_up && event.path.find('/') == std::string::npos)
      gave_up_ = event;
    draw_soon();
  }

  /// Ctrl-Z: the terminal gets its page back first.
  void suspend() {
    display_.leave();
    stop_until_continued();
    next_draw_ = clock::now();
  }

  void on_signal(int number) {
    if (number == SIGTSTP)
      return suspend();
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
    renew_socket();
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
      return end(not_started, display_.has_one_place() ? without_cause(reason_) : peer::describe(reason_));
    display_.close();
    return display_.error() != 0 ? output_failed : done;
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
  signal_copies copies_;
  std::optional<peer::supervisor> root_;
  std::unique_ptr<tree_view> view_;
  restarts restarting_;
  std::unique_ptr<control_socket> socket_; ///< after what its requests need
  bool is_socket_lost_ = false;
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
  return session{sys, what.file, what.socket}.run();
}

} // namespace peerctl
