// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "group/roster.hpp"

#include "caf/all.hpp"

#include <algorithm>
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

void roster::add_note(const control_actor& control, std::shared_ptr<const end_note> note) {
  auto guard = std::lock_guard{mutex_};
  notes_.emplace_back(control.id(), std::move(note));
}

std::optional<stop_report> roster::take_end_of(const control_actor& control) {
  auto guard = std::lock_guard{mutex_};
  auto known = std::find_if(notes_.begin(), notes_.end(), [id = control.id()](auto& x) { return x.first == id; });
  if (known == notes_.end())
    return std::nullopt;
  auto result = known->second->get();
  notes_.erase(known);
  return result;
}

void roster::forget(const control_actor& control) {
  std::erase_if(notes_, [id = control.id()](auto& x) { return x.first == id; });
}

void roster::replace(std::size_t index) {
  auto guard = std::lock_guard{mutex_};
  forget(members_[index].actor());
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
  forget(spare);
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
