// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/console.hpp"

#include "loop/loop.hpp"

#include <functional>
#include <memory>
#include <string_view>

namespace peer::internal::console {

/// Where a peer's console output goes. One sink may serve many peers.
///
/// Text is bytes, as the peer printed them; a piece never ends inside of a UTF-8 character, unless the peer itself did
/// not complete it. `write` is called by the loop's thread and must not block: sinks that may have to wait do so
/// elsewhere and tell when they are done.
class sink {
public:
  /// Tells that text has been written, or dropped for good. Called once, by any thread.
  using done = std::function<void()>;

  virtual ~sink();

  virtual void write(stream from, std::string_view text, done written) = 0;

  /// The peer has ended: a last line without a newline is to be passed on.
  virtual void finish() {}
};

using sink_ptr = std::shared_ptr<sink>;

} // namespace peer::internal::console
