// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "supervisor/waiting_calls.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peer::internal::supervisor {

std::uint64_t waiting_calls::add(waiting_call what) {
  calls_.emplace(next_, std::move(what));
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
  for (auto& x : take_all())
    x.answer.deliver(why);
}

void waiting_calls::end_generation(std::uint64_t generation, const error& why) {
  for (auto i = calls_.begin(); i != calls_.end();) {
    auto number = i->first;
    auto over = i->second.call.generation == generation;
    ++i;
    if (over)
      fail(number, why);
  }
}

std::vector<waiting_call> waiting_calls::take_all() {
  auto result = std::vector<waiting_call>{};
  for (auto& [number, x] : std::exchange(calls_, {})) {
    x.timer.dispose();
    result.push_back(std::move(x));
  }
  return result;
}

} // namespace peer::internal::supervisor
