// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/cast_window.hpp"

#include <algorithm>
#include <chrono>

namespace peer::internal::origin {

std::optional<caf::timespan> cast_window::enter(std::size_t cost, caf::timespan patience) {
  using clock = std::chrono::steady_clock;
  auto lock = std::unique_lock{mutex_};
  auto left = patience;
  if (asked_) {
    auto has_room = [this] { return !asked_; };
    auto began = clock::now();
    if (patience == caf::infinite) {
      confirmed_.wait(lock, has_room);
    } else {
      confirmed_.wait_for(lock, patience, has_room);
      left = std::max(caf::timespan{0}, patience - std::chrono::duration_cast<caf::timespan>(clock::now() - began));
    }
  }
  unconfirmed_ += cost;
  if (asked_ || unconfirmed_ < size_)
    return std::nullopt;
  asked_ = unconfirmed_;
  return left;
}

void cast_window::confirm() {
  {
    auto guard = std::lock_guard{mutex_};
    unconfirmed_ -= asked_.value_or(0);
    asked_.reset();
  }
  confirmed_.notify_all();
}

std::size_t cast_window::unconfirmed() const {
  auto guard = std::lock_guard{mutex_};
  return unconfirmed_;
}

} // namespace peer::internal::origin
