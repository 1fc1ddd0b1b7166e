// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/lifecycle.hpp"

#include "origin/command_line.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <csignal>
#include <utility>

namespace peer::internal::origin {

lifecycle::lifecycle(const wait_boot_option& how) noexcept : boot_limit_(defaults::boot_limit) {
  if (auto limit = std::get_if<caf::timespan>(&how))
    boot_limit_ = *limit;
}

void lifecycle::set_shutdown(const shutdown_option& how, bool chosen) {
  shutdown_ = how;
  shutdown_chosen_ = chosen;
}

// -- evidence ---------------------------------------------------------------------------------------------------------

orders lifecycle::on_spawned() {
  if (stage_ != stage::created)
    return {};
  stage_ = stage::booting;
  reached_ = phase::boot;
  return {.timer = boot_limit_};
}

orders lifecycle::on_not_started(const error& why) {
  if (down())
    return {};
  note(evidence::not_started);
  if (!started_)
    reached_ = phase::spawn;
  cause_ = peer::describe(why);
  error_number_ = error_number_of(why);
  return finish();
}

void lifecycle::on_connected() {
  if (reached_ == phase::boot)
    reached_ = phase::connected;
}

orders lifecycle::on_started() {
  if (stage_ != stage::booting)
    return {};
  stage_ = stage::running;
  reached_ = phase::running;
  started_ = true;
  return {.timer = caf::infinite};
}

bool lifecycle::on_closed(error why) {
  if (stream_end_)
    return false;
  stream_end_ = std::move(why);
  return true;
}

void lifecycle::on_exit(const exit_status& status, std::vector<survivor> survivors) {
  if (status_ || down())
    return;
  status_ = status;
  survivors_ = std::move(survivors);
}

orders lifecycle::next() {
  auto result = orders{};
  if (stream_end_ && !std::exchange(stream_end_followed_, true))
    result = follow_end_of_stream();
  if (status_ && !down())
    result = follow_exit();
  return result;
}

orders lifecycle::follow_end_of_stream() {
  if (stage_ == stage::asked) // it follows the request; the time that it was given goes on
    return {};
  if (!accepts_messages())
    return {};
  auto& why = *stream_end_;
  note(why ? evidence::violation : evidence::end_of_stream);
  cause_ = why ? peer::describe(why) : "the peer closed the connection";
  auto total = why ? std::nullopt : named_time(shutdown_);
  auto result = close_and_wait(defaults::exit_grace, total.has_value());
  if (total) {
    auto patience = time_before_signals(*total);
    rest_ = patience == caf::infinite ? patience : std::max(caf::timespan{0}, patience - *result.timer);
    may_write_on_ = !shutdown_chosen_;
  }
  step_ = stop_step::none; // the peer began it
  return result;
}

orders lifecycle::follow_exit() {
  note(evidence::exit);
  if (first_ == evidence::end_of_stream && step_ == stop_step::none)
    cause_.clear(); // the process ended by itself: which of its descriptors showed that first is chance
  return finish();
}

orders lifecycle::on_hung(const heartbeat& how) {
  if (stage_ != stage::running)
    return {};
  note(evidence::heartbeat);
  cause_ = "no answer to the heartbeat within " + caf::deep_to_string(how.timeout);
  stage_ = stage::aborting;
  return {.signal = SIGABRT, .to_process = true, .timer = how.core_time};
}

orders lifecycle::on_stop(const shutdown_option& how, error then) {
  note_request(std::move(then));
  if (stage_ == stage::created)
    return stopped_before_start();
  may_write_on_ = false; // it keeps the time that it has
  if (stage_ != stage::booting && stage_ != stage::running)
    return {};
  note(evidence::request);
  auto booted = stage_ == stage::running;
  reached_ = phase::stopping;
  if (std::holds_alternative<shutdown_close>(how))
    return close_and_wait(defaults::exit_grace, true);
  if (auto x = std::get_if<shutdown_halt>(&how))
    return close_and_wait(time_before_signals(x->timeout), true);
  auto patience = time_before_signals(std::get<caf::timespan>(how));
  if (!booted) // it does not read requests yet
    return close_and_wait(patience, true);
  stage_ = stage::asked;
  step_ = stop_step::asked;
  return {.ask_to_stop = true, .timer = patience};
}

orders lifecycle::on_kill(error then) {
  note_request(std::move(then));
  if (stage_ == stage::created)
    return stopped_before_start();
  if (stage_ == stage::killing || stage_ == stage::down)
    return {};
  note(evidence::request);
  if (first_ == evidence::request)
    reached_ = phase::stopping;
  return kill();
}

orders lifecycle::on_timer(bool writes) {
  if (status_) // recorded while the control actor was suspended
    return next();
  switch (stage_) {
  case stage::running:
  case stage::down:
    return {};
  case stage::created:
    note(evidence::boot_time_out);
    return on_not_started(fail(errc::timeout, "its output was not open within " + caf::deep_to_string(boot_limit_)));
  case stage::booting:
    note(evidence::boot_time_out);
    cause_ = "it did not report its start within " + caf::deep_to_string(boot_limit_);
    return close_and_wait(defaults::exit_grace, false);
  case stage::asked:
    return terminate();
  case stage::closed:
    return patience_is_over(writes);
  case stage::aborting:
  case stage::terminating:
    return kill();
  case stage::killing:
    step_ = stop_step::gave_up;
    cause_ += (cause_.empty() ? "" : "; ") + std::string{"the process did not end after SIGKILL"};
    return finish();
  }
  return {};
}

// -- properties -------------------------------------------------------------------------------------------------------

bool lifecycle::accepts_messages() const noexcept {
  return stage_ == stage::booting || stage_ == stage::running || stage_ == stage::asked;
}

peer_state lifecycle::state() const noexcept {
  if (reason_)
    return peer_state::down;
  return started_ ? peer_state::running : peer_state::booting;
}

std::optional<error> lifecycle::exit_reason(const start_options& options) const {
  if (then_)
    return *then_;
  if (options.peer_down == peer_down::crash)
    return reason_;
  // After a start that failed no handle exists, and so the actor must not stay.
  auto start_failed = !started_ && std::holds_alternative<caf::timespan>(options.wait_boot);
  if (options.peer_down == peer_down::stop || start_failed)
    return error{};
  return std::nullopt;
}

// -- steps ------------------------------------------------------------------------------------------------------------

void lifecycle::note(evidence what) {
  if (first_ == evidence::none)
    first_ = what;
}

/// Only the first request determines what the control actor exits with.
void lifecycle::note_request(error then) {
  if (!then_)
    then_ = std::move(then);
}

orders lifecycle::stopped_before_start() {
  note(evidence::request);
  return on_not_started(fail(errc::boot_failed, "it was stopped before"));
}

/// Sets the time for SIGTERM apart from the time that a stop may take in all.
caf::timespan lifecycle::time_before_signals(caf::timespan total) {
  if (total == caf::infinite)
    return total;
  term_patience_ = std::min(caf::timespan{defaults::term_timeout}, total / 4);
  return total - term_patience_;
}

orders lifecycle::close_and_wait(caf::timespan grace, bool then_terminate) {
  stage_ = stage::closed;
  step_ = stop_step::closed;
  then_terminate_ = then_terminate;
  may_write_on_ = false;
  rest_ = caf::timespan{0};
  return {.close = true, .timer = grace};
}

/// First the calls get the end of the connection as their answer, if the process takes its time.
orders lifecycle::patience_is_over(bool writes) {
  if (rest_ > caf::timespan{0})
    return {.fail_calls = true, .timer = std::exchange(rest_, caf::timespan{0})};
  if (may_write_on_ && writes)
    return {.timer = defaults::exit_grace};
  return then_terminate_ ? terminate() : kill();
}

orders lifecycle::terminate() {
  stage_ = stage::terminating;
  step_ = stop_step::terminated;
  return {.close = true, .signal = SIGTERM, .timer = term_patience_};
}

orders lifecycle::kill() {
  stage_ = stage::killing;
  step_ = stop_step::killed;
  // The group of the process has `kill_timeout`, too, and the exit of the process is reported after its group's.
  return {.signal = SIGKILL, .timer = 2 * caf::timespan{defaults::kill_timeout}};
}

orders lifecycle::finish() {
  stage_ = stage::down;
  return {.finished = true, .timer = caf::infinite};
}

} // namespace peer::internal::origin
