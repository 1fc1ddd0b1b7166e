// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/supervisor/waiting_calls.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peer {

std::uint64_t waiting_calls::add(patient_call what, promise answer) {
  calls_.emplace(next_, entry{std::move(what), std::move(answer), {}});
  return next_++;
}

void waiting_calls::set_timer(std::uint64_t number, caf::disposable timer) {
  if (auto i = calls_.find(number); i != calls_.end())
    i->second.timer = std::move(timer);
}

void waiting_calls::fail(std::uint64_t number, const error& why) {
  auto node = calls_.extract(number);
  if (!node)
    return;
  node.mapped().timer.dispose();
  node.mapped().answer.deliver(why);
}

void waiting_calls::fail_all(const error& why) {
  for (auto& [number, x] : std::exchange(calls_, {})) {
    x.timer.dispose();
    x.answer.deliver(why);
  }
}

void waiting_calls::pass_on(const control_actor& target, std::uint64_t generation) {
  for (auto& [number, x] : std::exchange(calls_, {})) {
    x.timer.dispose();
    if (x.call.generation && *x.call.generation != generation)
      x.answer.deliver(caf::make_error(errc::noproc, "generation " + std::to_string(*x.call.generation) + " is over"));
    else
      x.answer.delegate(target, std::move(x.call.request));
  }
}

} // namespace peer
