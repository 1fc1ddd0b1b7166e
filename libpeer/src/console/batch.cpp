// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/batch.hpp"

#include <utility>

namespace peer::internal::console {

namespace {

/// Requests of one batch that are served in one turn: others use the same thread.
constexpr auto per_turn = 128;

} // namespace

batch::batch(const erl::list& requests, server serve, poster post, completion done)
    : rest_(requests.begin(), requests.end()),
      serve_(std::move(serve)),
      post_(std::move(post)),
      done_(std::move(done)) {}

void batch::run() {
  for (auto left = per_turn; !rest_.empty() && match_tagged(last_, "error", 2) == nullptr; --left) {
    if (left == 0)
      return post_([self = shared_from_this()] { self->run(); });
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
