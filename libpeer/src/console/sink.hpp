// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/event_loop.hpp"
#include "peer/console.hpp"

#include "caf/error.hpp"

#include <functional>
#include <memory>
#include <string_view>

namespace peer::internal::console {

/// The destination of a peer's console output.
///
/// Text is bytes, as the peer printed them; a piece never ends inside of a UTF-8 character, unless the peer itself did
/// not complete it. All functions are called on the loop's thread and must not block: a sink that may have to wait does
/// so on another thread.
class sink {
public:
  /// To be called once, by any thread, when text has been written or dropped for good: then with the reason, unless the
  /// sink drops what it gets by design.
  using done = std::function<void(const caf::error& failed)>;

  virtual ~sink();

  /// Called once, before anything else. An error makes the start of the peer fail.
  virtual void open(done opened) { opened({}); }

  virtual void write(stream from, std::string_view text, done written) = 0;

  /// The peer has ended: passes on a last line that has no newline.
  virtual void finish() {}
};

using sink_ptr = std::shared_ptr<sink>;

/// Writes a message of the library to standard error, after "libpeer: ". Does not block.
void complain(const loop::event_loop_ptr& where, std::string_view message);

} // namespace peer::internal::console
