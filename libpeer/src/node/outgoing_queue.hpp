// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "node/messages.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace peer::internal::node {

/// Messages for processes of the origin, in the order in which threads of the program sent them. The session takes all
/// of them before it sends the result of a function. Any thread may use it.
class outgoing_queue {
public:
  /// Returns whether it was empty: then the channel actor is to be notified.
  bool add(outgoing_message what) {
    auto guard = std::lock_guard{mutex_};
    messages_.push_back(std::move(what));
    return messages_.size() == 1;
  }

  std::vector<outgoing_message> take() {
    auto guard = std::lock_guard{mutex_};
    return std::exchange(messages_, {});
  }

private:
  std::mutex mutex_;
  std::vector<outgoing_message> messages_;
};

} // namespace peer::internal::node
