// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/supervisor_actor.hpp"

#include "caf/disposable.hpp"
#include "caf/typed_response_promise.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <vector>

namespace peer::internal::supervisor {

/// A call that may wait for its child.
struct waiting_call {
  using time_point = std::chrono::steady_clock::time_point;

  patient_call call;
  caf::typed_response_promise<encoded_term> answer;
  time_point deadline; ///< until when it may wait; `time_point::max()` for ever
  caf::disposable timer;
};

/// The calls that wait for a child to come up, in their order.
class waiting_calls {
public:
  void limit(std::size_t most) noexcept { limit_ = most; }

  bool full() const noexcept { return calls_.size() >= limit_; }

  std::size_t size() const noexcept { return calls_.size(); }

  /// Adds a call. @pre `!full()`
  /// @returns what `fail` knows it by
  std::uint64_t add(waiting_call what);

  /// Something that is disposed of when the call does not wait any more.
  void set_timer(std::uint64_t number, caf::disposable timer);

  /// Answers one call; does nothing if it does not wait any more.
  void fail(std::uint64_t number, const error& why);

  void fail_all(const error& why);

  /// Answers those that wanted that generation, which is over.
  void end_generation(std::uint64_t generation, const error& why);

  /// Hands out all of them: they do not wait any more.
  std::vector<waiting_call> take_all();

private:
  std::size_t limit_ = defaults::max_waiting_calls;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, waiting_call> calls_;
};

} // namespace peer::internal::supervisor
