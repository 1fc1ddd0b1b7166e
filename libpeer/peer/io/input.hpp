// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/loop/loop.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace peer {

/// Where the answers to a peer's `io:get_line`, `io:get_chars` and `io:read` come from.
class input_source {
public:
  /// Receives the next piece of input, of any length above 0, or nothing for the end of the input. Any thread may call
  /// it, once.
  using receiver = std::function<void(std::optional<std::string>)>;

  virtual ~input_source();

  /// Asks for more. Called by the loop's thread, never again before the receiver was called; must not block.
  virtual void read(receiver deliver) = 0;
};

using input_ptr = std::shared_ptr<input_source>;

/// Makes the source of one peer, when it starts.
using input_factory = std::function<input_ptr(const loop_ptr& where)>;

/// No input: whoever reads gets `eof`.
input_factory no_input();

/// The bytes of `text`, then the end.
input_factory text_input(std::string text);

/// What `read` delivers. The application calls the receiver when it has something.
input_factory function_input(std::function<void(input_source::receiver)> read);

/// Reads a descriptor of this program, such as 0. It must stay open as long as the actor system. Nothing is read before
/// a peer asks. Two sources of the same descriptor share what arrives at random.
input_factory descriptor_input(int fd);

} // namespace peer
