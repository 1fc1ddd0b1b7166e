// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/enum_names.hpp"
#include "peer/type_ids.hpp"

#include "caf/actor.hpp"
#include "caf/fwd.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

/// @file
/// Where the console output of peers goes, and where their input comes from.

namespace peer::internal::console {

class input_source;
class sink;

} // namespace peer::internal::console

namespace peer::internal::loop {

class loop;

} // namespace peer::internal::loop

namespace peer {

/// Which of a peer's streams text came from. What comes by the I/O protocol (`io:format` in `erl`) counts as standard
/// output.
enum class stream : std::uint8_t { standard_output, standard_error };

template <>
inline constexpr auto detail::enum_names<stream> = std::array<std::string_view, 2>{"standard_output", "standard_error"};

/// One line of output, without its newline.
struct output_line {
  stream from = stream::standard_output;
  std::string text;
};

template <class Inspector>
bool inspect(Inspector& f, output_line& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("text", x.text));
}

// -- output
// -------------------------------------------------------------------------------------------------------------

/// Makes a sink for the peer of that name, when it starts; an error makes the start fail. Sinks that keep lines
/// together need one object per peer.
using sink_factory = std::function<caf::expected<std::shared_ptr<internal::console::sink>>(
    const std::shared_ptr<internal::loop::loop>& where, const std::string& peer_name)>;

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

// -- input
// --------------------------------------------------------------------------------------------------------------

/// Receives the next piece of input, of any length above 0, or nothing for the end of the input. Any thread may call
/// it, once.
using input_receiver = std::function<void(std::optional<std::string>)>;

/// Makes the source of one peer, when it starts.
using input_factory =
    std::function<std::shared_ptr<internal::console::input_source>(const std::shared_ptr<internal::loop::loop>& where)>;

/// No input: whoever reads gets `eof`.
input_factory no_input();

/// The bytes of `text`, then the end.
input_factory text_input(std::string text);

/// What `read` delivers. The application calls the receiver when it has something.
input_factory function_input(std::function<void(input_receiver)> read);

/// Reads a descriptor of this program, such as 0. It must stay open as long as the actor system. Nothing is read before
/// a peer asks. Two sources of the same descriptor share what arrives at random.
input_factory descriptor_input(int fd);

} // namespace peer
