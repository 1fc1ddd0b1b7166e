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
  time_point deadline; ///< `time_point::max()` for none
  caf::disposable timer;
};

/// The calls that wait until a child is up, in order.
class waiting_calls {
public:
  void limit(std::size_t most) noexcept { limit_ = most; }

  bool full() const noexcept { return calls_.size() >= limit_; }

  std::size_t size() const noexcept { return calls_.size(); }

  /// Adds a call. @pre `!full()`
  /// @returns the key for `fail`
  std::uint64_t add(waiting_call what);

  /// Sets an object to dispose of when the call no longer waits.
  void set_timer(std::uint64_t number, caf::disposable timer);

  /// Answers one call. No effect if it no longer waits.
  void fail(std::uint64_t number, const error& why);

  void fail_all(const error& why);

  /// Answers the calls for that generation, which has ended.
  void end_generation(std::uint64_t generation, const error& why);

  /// Removes all calls and returns them.
  std::vector<waiting_call> take_all();

private:
  std::size_t limit_ = defaults::max_waiting_calls;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, waiting_call> calls_;
};

} // namespace peer::internal::supervisor
