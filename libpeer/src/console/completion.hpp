// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <functional>
#include <memory>
#include <optional>

namespace peer::internal::console {

/// The pending answer to one request. Copies share one state, as copies of `caf::response_promise` do.
///
/// The receiver is called exactly once: with the first answer, or with `nullopt` when the last copy is destroyed
/// unanswered (the request was abandoned). Belongs to the loop's thread, its destruction included.
class completion {
public:
  /// Receives the answer; nothing if there will be none. Must not throw.
  using receiver = std::function<void(std::optional<term>)>;

  /// Makes an object without a receiver.
  completion() noexcept = default;

  explicit completion(receiver done);

  /// Passes the answer to the receiver. No effect if the request has been answered.
  void answer(term result) const;

  /// Answers `{error, reason}`.
  void fail(term reason) const;

  /// Whether a receiver waits for the answer.
  bool pending() const noexcept;

private:
  struct state;

  std::shared_ptr<state> state_; ///< null if no request waits
};

} // namespace peer::internal::console
