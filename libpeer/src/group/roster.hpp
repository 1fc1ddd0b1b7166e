// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/group.hpp"
#include "peer/handle.hpp"

#include "caf/error.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

namespace peer::internal::group {

/// How a peer has ended. Any thread may use it.
class end_note {
public:
  void set(const stop_report& report) {
    auto guard = std::lock_guard{mutex_};
    report_ = report;
  }

  std::optional<stop_report> get() const {
    auto guard = std::lock_guard{mutex_};
    return report_;
  }

private:
  mutable std::mutex mutex_;
  std::optional<stop_report> report_;
};

/// Who the members of a group are, and its spares. Any thread may use it.
class roster {
public:
  explicit roster(std::vector<handle> members) : size_(members.size()), members_(std::move(members)) {}

  std::size_t size() const noexcept { return size_; }

  /// @pre `index < size()`
  handle at(std::size_t index) const;

  /// The control actors of the members.
  std::vector<control_actor> actors() const;

  spares_state spares() const;

  /// Remembers where the end of a member or spare is noted.
  void add_note(const control_actor& control, std::shared_ptr<const end_note> note);

  /// How that member or spare has ended, if that is known. Forgets it.
  std::optional<stop_report> take_end_of(const control_actor& control);

  // -- for the spares actor ---

  /// Gives the first of the running spares the place of a member. @pre there is one
  void replace(std::size_t index);

  void add_spare(handle spare);

  /// No effect if it is not a spare.
  void remove_spare(const control_actor& spare);

  void note_failure(caf::error why);

  /// Removes all spares. These processes, running or not, are kept for `take_left`.
  void leave(std::vector<control_actor> spares);

  /// Returns the processes passed to `leave`, once.
  std::vector<control_actor> take_left();

private:
  void forget(const control_actor& control);

  const std::size_t size_;
  mutable std::mutex mutex_; ///< guards what follows
  std::vector<handle> members_;
  spares_state spares_;
  std::vector<control_actor> left_;
  std::vector<std::pair<caf::actor_id, std::shared_ptr<const end_note>>> notes_;
};

} // namespace peer::internal::group
