// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/supervisor/messages.hpp"

#include "caf/disposable.hpp"
#include "caf/typed_response_promise.hpp"

#include <cstddef>
#include <cstdint>
#include <map>

namespace peer {

/// The calls that wait for a child to come up, in their order. Each is answered once, or passed on.
class waiting_calls {
public:
  using promise = caf::typed_response_promise<encoded_term>;

  void limit(std::size_t most) noexcept { limit_ = most; }

  bool full() const noexcept { return calls_.size() >= limit_; }

  std::size_t size() const noexcept { return calls_.size(); }

  /// Adds a call. @pre `!full()`
  /// @returns what `fail` knows it by
  std::uint64_t add(patient_call what, promise answer);

  /// Something that is disposed of when the call does not wait any more.
  void set_timer(std::uint64_t number, caf::disposable timer);

  /// Answers one call; does nothing if it does not wait any more.
  void fail(std::uint64_t number, const error& why);

  void fail_all(const error& why);

  /// Sends all of them to what is up now. Those that want another generation fail.
  void pass_on(const control_actor& target, std::uint64_t generation);

private:
  struct entry {
    patient_call call;
    promise answer;
    caf::disposable timer;
  };

  std::size_t limit_ = defaults::max_waiting_calls;
  std::uint64_t next_ = 0;
  std::map<std::uint64_t, entry> calls_;
};

} // namespace peer
