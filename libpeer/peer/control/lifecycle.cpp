// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/control/lifecycle.hpp"

#include "caf/all.hpp"

#include <csignal>

namespace peer {

// -- evidence ---------------------------------------------------------------------------------------------------------

orders lifecycle::on_spawned() {
  return {.timer = boot_limit_};
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
  connection_lost_ = true;
  closed_in_order_ = !why;
  cause_ = why ? describe(why) : "the peer closed the connection";
  auto result = close_and_wait(defaults::exit_grace, false);
  step_ = stop_step::none; // it was not us who began
  return result;
}

orders lifecycle::on_exit(const exit_status& status) {
  if (state_ == state::down)
    return {};
  if (closed_in_order_ && step_ == stop_step::none)
    cause_.clear(); // the process simply ended: which of its descriptors told so first is chance
  status_ = status;
  return finish();
}

orders lifecycle::on_stop(const shutdown_option& how) {
  if (state_ != state::booting && state_ != state::running)
    return {};
  reached_ = phase::stopping;
  if (std::holds_alternative<close_link>(how))
    return close_and_wait(defaults::exit_grace, true);
  if (auto x = std::get_if<halt>(&how))
    return close_and_wait(x->timeout, true);
  auto patience = std::get<caf::timespan>(how);
  if (state_ == state::booting) // nobody listens yet
    return close_and_wait(patience, true);
  state_ = state::asked;
  step_ = stop_step::asked;
  return {.ask_to_stop = true, .timer = patience};
}

orders lifecycle::on_timer() {
  switch (state_) {
  case state::booting:
    boot_timed_out_ = true;
    cause_ = "it did not say that it had started within " + caf::deep_to_string(boot_limit_);
    return close_and_wait(defaults::exit_grace, false);
  case state::running:
    return {};
  case state::asked:
    return terminate();
  case state::closed:
    return then_terminate_ ? terminate() : kill();
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

orders lifecycle::close_and_wait(caf::timespan grace, bool then_terminate) {
  state_ = state::closed;
  step_ = stop_step::closed;
  then_terminate_ = then_terminate;
  return {.close = true, .timer = grace};
}

orders lifecycle::terminate() {
  state_ = state::terminating;
  step_ = stop_step::terminated;
  return {.close = true, .signal = SIGTERM, .timer = caf::timespan{defaults::term_timeout}};
}

orders lifecycle::kill() {
  state_ = state::killing;
  step_ = stop_step::killed;
  return {.signal = SIGKILL, .timer = caf::timespan{defaults::kill_timeout}};
}

orders lifecycle::finish() {
  state_ = state::down;
  return {.finished = true, .timer = caf::infinite};
}

} // namespace peer
