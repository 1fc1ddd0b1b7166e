// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "group/roster.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peer::internal::group {

handle roster::at(std::size_t index) const {
  auto guard = std::lock_guard{mutex_};
  return members_[index];
}

std::vector<control_actor> roster::actors() const {
  auto result = std::vector<control_actor>{};
  auto guard = std::lock_guard{mutex_};
  for (auto& member : members_)
    result.push_back(member.actor());
  return result;
}

spares_state roster::spares() const {
  auto guard = std::lock_guard{mutex_};
  return spares_;
}

void roster::replace(std::size_t index) {
  auto guard = std::lock_guard{mutex_};
  members_[index] = std::move(spares_.running.front());
  spares_.running.erase(spares_.running.begin());
  ++spares_.used;
}

void roster::add_spare(handle spare) {
  auto guard = std::lock_guard{mutex_};
  spares_.running.push_back(std::move(spare));
}

void roster::remove_spare(const control_actor& spare) {
  auto guard = std::lock_guard{mutex_};
  std::erase_if(spares_.running, [&](auto& x) { return x.actor() == spare; });
}

void roster::note_failure(caf::error why) {
  auto guard = std::lock_guard{mutex_};
  spares_.last_failure = std::move(why);
}

void roster::leave(std::vector<control_actor> spares) {
  auto guard = std::lock_guard{mutex_};
  spares_.running.clear();
  left_ = std::move(spares);
}

std::vector<control_actor> roster::take_left() {
  auto guard = std::lock_guard{mutex_};
  return std::exchange(left_, {});
}

} // namespace peer::internal::group
