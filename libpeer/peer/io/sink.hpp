// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/enum_names.hpp"
#include "peer/loop/loop.hpp"

#include "caf/fwd.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace peer {

/// Which of a peer's streams text came from. What comes by the I/O protocol (`io:format` in `erl`) counts as standard
/// output.
enum class stream : std::uint8_t { standard_output, standard_error };

template <>
inline constexpr auto enum_names<stream> = std::array<std::string_view, 2>{"standard_output", "standard_error"};

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

/// Makes a sink for the peer of that name, when it starts; an error makes the start fail. Sinks that keep lines
/// together need one object per peer.
using sink_factory = std::function<caf::expected<sink_ptr>(const loop_ptr& where, const std::string& peer_name)>;

/// One line of output, without its newline.
struct output_line {
  stream from = stream::standard_output;
  std::string text;
};

/// Drops everything.
sink_factory discard_output();

/// Writes standard output to descriptor 1 and standard error to descriptor 2 of this program. With `prefix` each line
/// begins with the peer's name in brackets, and lines of several peers do not mix.
sink_factory console_output(bool prefix = false);

/// Appends everything to a file, which is created if it does not exist. If it cannot be opened, peers do not start;
/// what cannot be written later (a full disk) is dropped.
sink_factory file_output(std::string path);

/// Calls `handler` for each line. It runs on the loop's second thread, one call after the other for all peers of an
/// actor system, so it may block, which then delays other output only. It must not throw.
sink_factory line_output(std::function<void(const output_line&)> handler);

/// Sends each line to `receiver` as a message `peer::output_line`. Text counts as written when it has been sent, unless
/// `defaults::output_high_water` bytes wait in the receiver's mailbox already: then it does when they have become less.
/// So that this is known, some lines come as requests, which CAF answers by itself.
sink_factory actor_output(caf::actor receiver);

} // namespace peer
