// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/callbacks.hpp"
#include "console/completion.hpp"
#include "peer/term.hpp"

#include <deque>
#include <functional>
#include <memory>

namespace peer::internal::console {

/// The requests of `{requests, List}`: served one after the other until one fails; the last answer is the batch's. If
/// one is abandoned, so is the batch.
///
/// Lives as long as a request of it waits for its answer. Belongs to the loop's thread.
class batch : public std::enable_shared_from_this<batch> {
public:
  /// Serves one request.
  using server = std::function<void(const term& request, completion done)>;

  batch(const erl::list& requests, server serve, poster post, completion done);

  /// Serves requests until one has to wait, or until it is the turn of others: a peer may send a batch of any length.
  /// Requests that are answered at once are a loop here, not a recursion.
  void run();

private:
  void on_answer(std::optional<term> result);

  std::deque<term> rest_; ///< not served yet
  server serve_;
  poster post_;
  completion done_;
  term last_ = atom{"ok"};  ///< the answer to the request before
  bool requesting_ = false; ///< inside of the call that serves the current request
  bool answered_ = false;   ///< the current request has been answered
};

} // namespace peer::internal::console
