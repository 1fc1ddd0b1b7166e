// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer_session.hpp"
#include "arguments.hpp"
#include "error_text.hpp"
#include "ready_output.hpp"

#include "caf/all.hpp"

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <utility>

#include <sys/eventfd.h>
#include <unistd.h>

namespace peerctl {

namespace {

/// How often `flush` looks for a signal.
constexpr auto flush_interval = std::chrono::milliseconds{100};

} // namespace

/// What is known when the peer has ended.
struct peer_session::peer_end {
  std::mutex mutex;
  std::condition_variable arrived;
  bool over = false;
  caf::error reason;
  std::optional<peer::stop_report> report; ///< if it was stopped
  descriptor wake_up{eventfd(0, EFD_CLOEXEC)};
  std::mutex output;               ///< of `session`
  peer_session* session = nullptr; ///< gets errors of output; null when it has gone

  void set(caf::error why) {
    {
      auto guard = std::lock_guard{mutex};
      reason = std::move(why);
      over = true;
    }
    arrived.notify_all();
    eventfd_write(wake_up.get(), 1);
  }

  void wait() {
    auto guard = std::unique_lock{mutex};
    arrived.wait(guard, [this] { return over; });
  }
};

peer_session::peer_session(caf::actor_system& sys)
    : sys_(sys), end_(std::make_shared<peer_end>()), signaled_(eventfd(0, EFD_CLOEXEC)) {
  end_->session = this;
  signals_.emplace(std::initializer_list<int>{SIGINT, SIGTERM, SIGHUP, SIGQUIT},
                   [this](int number) { on_signal(number); });
}

peer_session::~peer_session() {
  if (watcher_) {
    caf::anon_send(watcher_, peer::kill_atom_v);
    end_->wait();
  }
  signals_.reset();
  auto guard = std::lock_guard{end_->output};
  end_->session = nullptr;
}

// -- the peer ---------------------------------------------------------------------------------------------------------

caf::behavior peer_session::watch(caf::event_based_actor* self, const peer::control_actor& control,
                                  const std::shared_ptr<peer_end>& end) {
  self->monitor(control);
  self->set_down_handler([self, end](caf::down_msg& msg) {
    end->set(std::move(msg.reason));
    self->quit();
  });
  auto note = [end](const peer::stop_report& report) { end->report = report; }; // arrives before the end
  auto ignore = [](const caf::error&) {};
  return {
      [=](peer::stop_atom) { self->request(control, caf::infinite, peer::stop_atom_v).then(note, ignore); },
      [=](peer::kill_atom) { self->request(control, caf::infinite, peer::kill_atom_v).then(note, ignore); },
  };
}

caf::error peer_session::start(peer::start_options options) {
  auto waits = std::holds_alternative<caf::timespan>(options.wait_boot);
  auto has_limits = options.process.limits.memory || options.process.limits.processes;
  options.peer_down = peer::peer_down::crash; // then the exit reason has the status
  options.output = peer::console_output(false, [end = end_](const caf::error& why) {
    auto guard = std::lock_guard{end->output};
    if (end->session != nullptr)
      end->session->on_output_error(peer::describe(why), peer::error_number_of(why));
  });
  auto control = peer::spawn(sys_, std::move(options));
  if (!control)
    return std::move(control.error());
  {
    auto guard = std::lock_guard{mutex_};
    watcher_ = sys_.spawn(&peer_session::watch, *control, end_);
    if (interrupted_ != 0)
      caf::anon_send(watcher_, peer::stop_atom_v);
  }
  worker_.emplace(sys_, *control, peer::atom{});
  if (!waits)
    return {};
  auto self = caf::scoped_actor{sys_};
  auto failed = caf::error{};
  auto limits_off = std::vector<std::string>{};
  self->request(*control, caf::infinite, peer::await_boot_atom_v)
      .receive([&](const peer::peer_status& status) { limits_off = status.limits_off; },
               [&](caf::error& why) { failed = peer::from_request(std::move(why)); });
  if (failed)
    end_->wait();
  for (auto& each : limits_off)
    if (has_limits)
      complain("peerctl: no limit of " + each);
  return failed;
}

void peer_session::stop() {
  caf::anon_send(watcher_, peer::stop_atom_v);
  static_cast<void>(await_end());
}

caf::error peer_session::await_end() {
  end_->wait();
  print_survivors();
  return end_->reason;
}

std::optional<peer::exit_status> peer_session::exit_status() const {
  auto details = peer::failure_of(end_->reason);
  return end_->report ? end_->report->status : details != nullptr ? details->status : std::nullopt;
}

void peer_session::print_survivors() {
  auto details = peer::failure_of(end_->reason);
  auto survivors = end_->report       ? end_->report->survivors
                 : details != nullptr ? details->survivors
                                      : std::vector<peer::survivor>{};
  for (auto& each : survivors)
    complain("peerctl: the peer left process " + std::to_string(each.id) + " behind: " + each.command);
}

// -- signals ----------------------------------------------------------------------------------------------------------

int peer_session::wake_up() const noexcept {
  return end_->wake_up.get();
}

void peer_session::on_signal(int number) {
  if (copies_.is_copy(number))
    return;
  auto is_first = begin_to_end(number);
  auto guard = std::lock_guard{mutex_};
  if (!watcher_)
    return;
  if (is_first && number != SIGQUIT)
    caf::anon_send(watcher_, peer::stop_atom_v);
  else
    caf::anon_send(watcher_, peer::kill_atom_v);
}

/// Returns whether nothing has interrupted the command before.
bool peer_session::begin_to_end(int number) {
  auto none = 0;
  auto is_first = interrupted_.compare_exchange_strong(none, number);
  eventfd_write(signaled_.get(), 1);
  eventfd_write(end_->wake_up.get(), 1);
  return is_first;
}

// -- output -----------------------------------------------------------------------------------------------------------

void peer_session::flush() {
  while (interrupted_ == 0 && !peer::flush_console(sys_, flush_interval))
    continue;
}

void peer_session::print(std::string_view text) {
  auto failed = write_all(STDOUT_FILENO, text, signaled_.get());
  if (failed != 0 && failed != ECANCELED)
    on_output_error(std::string{"cannot write to standard output: "} + std::strerror(failed), failed);
}

void peer_session::complain(const std::string& text) {
  write_all(STDERR_FILENO, text + "\n", signaled_.get());
}

void peer_session::on_output_error(const std::string& what, int code) {
  if (output_error_.exchange(code) != 0)
    return;
  if (code != EPIPE)
    return complain("peerctl: " + what);
  if (begin_to_end(SIGPIPE)) {
    auto guard = std::lock_guard{mutex_};
    caf::anon_send(watcher_, peer::stop_atom_v);
  }
}

int peer_session::status(int result) const {
  if (interrupted_ != 0)
    return 128 + interrupted_;
  return output_error_ != 0 ? int{output_failed} : result;
}

} // namespace peerctl
