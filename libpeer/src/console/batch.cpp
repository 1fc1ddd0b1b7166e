// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/batch.hpp"

#include <utility>

namespace peer::internal::console {

batch::batch(const erl::list& requests, server serve, completion done)
    : rest_(requests.begin(), requests.end()), serve_(std::move(serve)), done_(std::move(done)) {}

void batch::run() {
  while (!rest_.empty() && match_tagged(last_, "error", 2) == nullptr) {
    auto next = std::move(rest_.front());
    rest_.pop_front();
    answered_ = false;
    requesting_ = true;
    serve_(next, completion{[self = shared_from_this()](auto result) { self->on_answer(std::move(result)); }});
    requesting_ = false;
    if (!answered_)
      return;
  }
  done_.answer(std::move(last_));
}

void batch::on_answer(std::optional<term> result) {
  if (!result)
    return; // nothing holds the batch any more
  last_ = std::move(*result);
  answered_ = true;
  if (!requesting_)
    run();
}

} // namespace peer::internal::console
