// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/enum_names.hpp"
#include "peer/type_ids.hpp"

#include "caf/actor.hpp"
#include "caf/fwd.hpp"
#include "caf/timespan.hpp"

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

/// @file
/// The destination of the console output of peers, and the source of their input.

namespace peer::internal::console {

class input_source;
class sink;

} // namespace peer::internal::console

namespace peer::internal::loop {

class event_loop;

} // namespace peer::internal::loop

namespace peer {

/// The stream of a peer that text was printed to. Text that comes by the I/O protocol (`io:format` in `erl`) counts as
/// standard output.
enum class stream : std::uint8_t { standard_output, standard_error };

template <>
inline constexpr auto detail::enum_names<stream> = std::array<std::string_view, 2>{"standard_output", "standard_error"};

/// One line of a peer's output, without its newline. Longer lines than 64 KiB come in pieces of that size.
struct output_line {
  stream from = stream::standard_output;
  std::string text;
};

template <class Inspector>
bool inspect(Inspector& f, output_line& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("text", x.text));
}

// -- output -----------------------------------------------------------------------------------------------------------

/// Makes the sink of one peer when the peer starts; an error makes the start fail. `where` is the loop of the actor
/// system that the peer belongs to. Called on the loop's thread.
///
/// The functions below return factories. One factory may serve any number of peers, each of which gets a sink of its
/// own.
using sink_factory = std::function<caf::expected<std::shared_ptr<internal::console::sink>>(
    const std::shared_ptr<internal::loop::event_loop>& where, const std::string& peer_name)>;

/// Drops everything.
[[nodiscard]] sink_factory discard_output();

/// Writes standard output to descriptor 1 and standard error to descriptor 2 of this program: the default.
[[nodiscard]] sink_factory console_output() noexcept;

/// The same; with `prefix` each line begins with the peer's name in brackets, and lines of several peers do not mix.
/// @param on_error gets the error of each write that fails, on the thread that writes, in place of the message that
///        libpeer prints otherwise; must neither block nor throw
[[nodiscard]] sink_factory console_output(bool prefix, std::function<void(const caf::error&)> on_error = {});

/// Appends everything to a file, which is created if it does not exist. If it cannot be opened, the start fails with
/// `errc::system_failure`. Text waits for the reader of a FIFO, also if there is none, and is written to the next one.
///
/// What cannot be written later (a full disk) is dropped. The first time a line on standard error reports it, and so do
/// the last words of the peer; the metric `peer.output-failures` counts all of them. This applies to `console_output`
/// and to an exception of a handler of `line_output`, too.
[[nodiscard]] sink_factory file_output(std::string path);

/// Opens the files of `file_output` in `sys` again, under the same paths: for a program that renames full files. Does
/// not wait; what was printed before goes to the old file. If a file cannot be opened, output goes on to the old one,
/// and that is reported as a write that failed.
void reopen_files(caf::actor_system& sys);

/// Calls `handler` for each line, on a thread of the actor system that does nothing but write output, one call after
/// the other for all peers that share the factory. It may block, which delays the output of these only.
[[nodiscard]] sink_factory line_output(std::function<void(const output_line&)> handler);

/// Sends each line to `receiver` as a message `peer::output_line`. Text counts as written when it has been sent, but
/// while more than `defaults::output_high_water` bytes wait in the receiver's mailbox, only when these have become
/// fewer. To measure that, some lines are sent as requests, which CAF answers by itself. Without a receiver the start
/// fails with `errc::invalid_option`.
[[nodiscard]] sink_factory actor_output(caf::actor receiver);

/// Blocks until the output that the peers of `sys` had printed before has been written: all text that `console_output`,
/// `file_output` and `line_output` were given before this call. Text that a function of a peer printed by the I/O
/// protocol before it returned is given to the sink before the call is answered, so that a program which flushes
/// between the answer and its own output keeps the two in order. Text on a peer's standard error comes on a descriptor
/// of its own and has no such order. Output for `actor_output` is not waited for.
///
/// Not needed before the actor system ends: that writes what waits, unless a descriptor does not take it at once.
///
/// Call from any thread except the loop's (which gets false), never from an event-based actor and never from a handler
/// of `line_output`, which would wait for itself.
/// @param limit how long to wait; `caf::infinite` waits as long as a descriptor does not take the text
/// @returns whether all has been written; false if `limit` passed before
bool flush_console(caf::actor_system& sys, caf::timespan limit = caf::infinite);

// -- input ------------------------------------------------------------------------------------------------------------

/// Receives the next piece of input, of any length above 0, or nothing for the end of the input. May be called by any
/// thread, once.
using input_receiver = std::function<void(std::optional<std::string>)>;

/// Makes the source of one peer when the peer starts. Called on the loop's thread.
using input_factory = std::function<std::shared_ptr<internal::console::input_source>(
    const std::shared_ptr<internal::loop::event_loop>& where)>;

/// No input: a peer that reads gets `eof`.
[[nodiscard]] input_factory no_input() noexcept;

/// The bytes of `text`, then the end.
[[nodiscard]] input_factory text_input(std::string text);

/// What `read` delivers. It is called when a peer needs input, on a thread of the actor system for callbacks, and not
/// called again before the receiver was. It may block, call peers, or return and leave it to others to call the
/// receiver. An exception is reported on standard error and ends the input.
[[nodiscard]] input_factory function_input(std::function<void(input_receiver)> read);

/// Reads a descriptor of this program, such as 0, which must be open when the peer starts. Nothing is read
/// before a peer asks. Several sources of the same descriptor share what arrives: which one gets a piece is random.
[[nodiscard]] input_factory descriptor_input(int fd);

} // namespace peer
