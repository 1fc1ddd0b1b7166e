// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/completion.hpp"

#include <utility>

namespace peer::internal::console {

struct completion::state {
  explicit state(receiver what) : done(std::move(what)) {}

  state(const state&) = delete;
  state& operator=(const state&) = delete;

  ~state() { deliver(std::nullopt); }

  void deliver(std::optional<term> result) {
    if (auto receive = std::exchange(done, nullptr))
      receive(std::move(result));
  }

  receiver done; ///< empty once it has been called
};

completion::completion(receiver done) : state_(std::make_shared<state>(std::move(done))) {}

void completion::answer(term result) const {
  if (auto kept = state_) // the receiver may destroy this object
    kept->deliver(std::move(result));
}

void completion::fail(term reason) const {
  answer(tagged("error", std::move(reason)));
}

bool completion::pending() const noexcept {
  return state_ != nullptr && state_->done != nullptr;
}

} // namespace peer::internal::console
