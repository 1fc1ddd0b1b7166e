// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/resumable.hpp"

#include <atomic>
#include <mutex>
#include <vector>

namespace peer::internal::loop {

/// Actors that are to be resumed. Many threads add, one takes. What is left at the end is released.
class ready_queue {
public:
  ready_queue() = default;

  ready_queue(const ready_queue&) = delete;
  ready_queue& operator=(const ready_queue&) = delete;

  ~ready_queue() {
    for (auto actor : added_)
      caf::intrusive_ptr_release(actor);
  }

  /// Takes over a reference.
  void add(caf::resumable* actor) {
    auto guard = std::lock_guard{mutex_};
    added_.push_back(actor);
    empty_ = false;
  }

  bool empty() const noexcept { return empty_; }

  /// Calls `run`, which takes over a reference and may add others, for all that are there now. Returns whether there
  /// were any.
  template <class Function>
  bool take_all(Function run) {
    if (empty_)
      return false;
    {
      auto guard = std::lock_guard{mutex_};
      taken_.swap(added_);
      empty_ = true;
    }
    for (auto actor : taken_)
      run(actor);
    taken_.clear();
    return true;
  }

private:
  std::mutex mutex_;
  std::vector<caf::resumable*> added_;
  std::vector<caf::resumable*> taken_; ///< belongs to the one that takes
  std::atomic<bool> empty_ = true;
};

} // namespace peer::internal::loop
