// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/options.hpp"

#include <chrono>
#include <cstdint>

namespace peer::internal::origin {

/// Detects a peer that hangs, as a machine without clock or I/O: the owner calls `look` at `next_look` and follows the
/// verdict.
///
/// A peer that does not answer is alive as long as bytes come from it, or as long as it reads what waited for it when
/// it was asked: it cannot have seen the question yet.
class pulse {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Bytes that have passed over the connection.
  struct traffic {
    std::uint64_t received = 0; ///< `channel::received`
    std::uint64_t written = 0;  ///< `channel::written`
    std::uint64_t position = 0; ///< `channel::position`
  };

  enum class verdict : std::uint8_t {
    wait, ///< Do nothing.
    ask,  ///< Call the peer, and call `answered` when it answers.
    hung, ///< The peer hangs. Nothing follows.
  };

  /// @param now when the first interval begins
  pulse(const heartbeat& how, time_point now)
      : how_(how), next_question_(now + how.interval), next_look_(next_question_) {}

  /// What to do now.
  verdict look(time_point now, const traffic& seen);

  /// The peer has answered; the content does not matter.
  void answered() noexcept { asked_ = false; }

  /// Whether there is a question without an answer.
  bool asked() const noexcept { return asked_; }

  /// When to look again.
  time_point next_look() const noexcept { return next_look_; }

private:
  bool moves(const traffic& seen) const noexcept;
  bool is_late(time_point now) const noexcept;

  heartbeat how_;
  bool asked_ = false;
  time_point next_question_;
  time_point next_look_;
  time_point deadline_;         ///< if `asked_`: for an answer, or for something to move
  traffic before_;              ///< when the deadline was set
  std::uint64_t queue_end_ = 0; ///< end of what was sent before the question
};

} // namespace peer::internal::origin
