// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/event_loop.hpp"
#include "peer/console.hpp"

#include <memory>

namespace peer::internal::console {

/// The source of the input that a peer reads with `io:get_line`, `io:get_chars` and `io:read`.
class input_source {
public:
  using receiver = input_receiver;

  virtual ~input_source();

  /// Asks for more. Called on the loop's thread, never again before the receiver was called; must not block.
  virtual void read(receiver deliver) = 0;
};

using input_ptr = std::shared_ptr<input_source>;

} // namespace peer::internal::console
