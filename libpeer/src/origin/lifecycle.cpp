// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/lifecycle.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <csignal>

namespace peer::internal::origin {

// -- evidence ---------------------------------------------------------------------------------------------------------

orders lifecycle::on_spawned() {
  reached_ = phase::boot;
  return {.timer = boot_limit_};
}

void lifecycle::on_connected() {
  if (reached_ == phase::boot)
    reached_ = phase::connected;
}

orders lifecycle::on_started() {
  if (state_ != state::booting)
    return {};
  state_ = state::running;
  reached_ = phase::running;
  started_ = true;
  return {.timer = caf::infinite};
}

orders lifecycle::on_closed(const error& why) {
  if (state_ == state::asked) // it follows the request; the time that it was given goes on
    return {};
  if (!connected())
    return {};
  note(why ? evidence::violation : evidence::end_of_stream);
  cause_ = why ? describe(why) : "the peer closed the connection";
  auto result = close_and_wait(defaults::exit_grace, false);
  step_ = stop_step::none; // it was not us who began
  return result;
}

orders lifecycle::on_exit(const exit_status& status) {
  if (state_ == state::down)
    return {};
  note(evidence::exit);
  if (first_ == evidence::end_of_stream && step_ == stop_step::none)
    cause_.clear(); // the process simply ended: which of its descriptors told so first is chance
  status_ = status;
  return finish();
}

orders lifecycle::on_hung(const heartbeat& how) {
  if (state_ != state::running)
    return {};
  note(evidence::heartbeat);
  cause_ = "no answer to the heartbeat within " + caf::deep_to_string(how.timeout);
  state_ = state::aborting;
  return {.signal = SIGABRT, .to_process = true, .timer = how.core_time};
}

orders lifecycle::on_stop(const shutdown_option& how) {
  if (state_ != state::booting && state_ != state::running)
    return {};
  note(evidence::request);
  auto booted = state_ == state::running;
  reached_ = phase::stopping;
  if (std::holds_alternative<shutdown_close>(how))
    return close_and_wait(defaults::exit_grace, true);
  if (auto x = std::get_if<shutdown_halt>(&how))
    return close_and_wait(time_before_signals(x->timeout), true);
  auto patience = time_before_signals(std::get<caf::timespan>(how));
  if (!booted) // nobody listens yet
    return close_and_wait(patience, true);
  state_ = state::asked;
  step_ = stop_step::asked;
  return {.ask_to_stop = true, .timer = patience};
}

orders lifecycle::on_kill() {
  if (state_ == state::killing || state_ == state::down)
    return {};
  note(evidence::request);
  if (first_ == evidence::request)
    reached_ = phase::stopping;
  return kill();
}

orders lifecycle::on_timer() {
  switch (state_) {
  case state::booting:
    note(evidence::boot_time_out);
    cause_ = "it did not say that it had started within " + caf::deep_to_string(boot_limit_);
    return close_and_wait(defaults::exit_grace, false);
  case state::running:
    return {};
  case state::asked:
    return terminate();
  case state::closed:
    return then_terminate_ ? terminate() : kill();
  case state::aborting:
  case state::terminating:
    return kill();
  case state::killing:
    step_ = stop_step::gave_up;
    cause_ += (cause_.empty() ? "" : "; ") + std::string{"the process did not follow SIGKILL"};
    return finish();
  case state::down:
    return {};
  }
  return {};
}

// -- steps ------------------------------------------------------------------------------------------------------------

void lifecycle::note(evidence what) {
  if (first_ == evidence::none)
    first_ = what;
}

/// Sets the time for SIGTERM apart from the time that a stop may take in all.
caf::timespan lifecycle::time_before_signals(caf::timespan total) {
  if (total == caf::infinite)
    return total;
  term_patience_ = std::min(caf::timespan{defaults::term_timeout}, total / 4);
  return total - term_patience_;
}

orders lifecycle::close_and_wait(caf::timespan grace, bool then_terminate) {
  state_ = state::closed;
  step_ = stop_step::closed;
  then_terminate_ = then_terminate;
  return {.close = true, .timer = grace};
}

orders lifecycle::terminate() {
  state_ = state::terminating;
  step_ = stop_step::terminated;
  return {.close = true, .signal = SIGTERM, .timer = term_patience_};
}

orders lifecycle::kill() {
  state_ = state::killing;
  step_ = stop_step::killed;
  // What belongs to the process has `kill_timeout`, too, and the process's end is told after that of the others.
  return {.signal = SIGKILL, .timer = 2 * caf::timespan{defaults::kill_timeout}};
}

orders lifecycle::finish() {
  state_ = state::down;
  return {.finished = true, .timer = caf::infinite};
}

} // namespace peer::internal::origin
