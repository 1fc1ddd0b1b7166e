// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/input.hpp"
#include "console/line_splitter.hpp"
#include "console/sink.hpp"
#include "peer/term.hpp"

#include "caf/fwd.hpp"

#include <array>
#include <deque>
#include <functional>
#include <memory>
#include <string>

namespace peer::internal::console {

/// The origin's side of Erlang's I/O protocol for one peer, and of its console: what is the group leader in OTP
/// ("The Erlang I/O Protocol", STDLIB).
///
/// It never waits: a request that needs the sink, the input or the peer itself is answered when these are done, and
/// other requests go on meanwhile. Belongs to the loop's thread; what sinks and sources tell comes back to it there.
class io_server : public std::enable_shared_from_this<io_server> {
public:
  /// Receives the answer to a request: the term that goes into `io_reply`.
  using answer = std::function<void(term)>;

  /// Receives the value of a call, or why there is none.
  using evaluated = std::function<void(caf::expected<term>)>;

  /// Calls a function in the peer. Needed for requests that name a function to make the text (`io:format` does) or to
  /// parse the input: only the peer can run it.
  using evaluator =
      std::function<void(const atom& module, const atom& function, const term& arguments, evaluated done)>;

  /// Runs a function on the loop's thread; may be called by any thread.
  using poster = std::function<void(std::function<void()>)>;

  io_server(sink_ptr output, input_ptr input, evaluator evaluate, poster post);

  ~io_server();

  /// Serves one request. `done` is called once, unless the peer ends before.
  void request(const term& what, answer done);

  /// Passes on text that the peer printed outside of the protocol.
  void text(stream from, std::string_view bytes);

  /// Bytes that the sink has not written yet. Above `defaults::output_limit` output is dropped, and a line says so when
  /// the sink has caught up.
  std::size_t backlog() const noexcept { return backlog_; }

  /// Calls `handler` whenever the backlog has become smaller.
  void on_progress(std::function<void()> handler) { on_progress_ = std::move(handler); }

  /// Calls `handler` whenever the peer says that it is ready.
  void on_ready(std::function<void()> handler) { on_ready_ = std::move(handler); }

  /// Notes the peer's end: what was held back is passed on, and no request will be answered any more.
  void finish();

private:
  struct reader;
  struct batch;

  /// What is known of one stream's output.
  struct output_state {
    utf8_joiner joiner;
    bool in_line = false;    ///< the last text had no newline at its end
    std::size_t dropped = 0; ///< bytes that nobody has been told of
  };

  // -- output ---
  void put_chars(const term& chars, bool latin1, answer done);
  void put_bytes(const erl::bitstring& bytes, answer done);
  void put_result(const atom& module, const atom& function, const term& arguments, bool latin1, answer done);
  void write(stream from, std::string_view text, std::function<void()> written);
  void pass_on(stream from, std::string_view text, std::function<void()> written);
  void written(std::size_t size);
  void tell_dropped();
  output_state& state_of(stream from) { return streams_[static_cast<std::size_t>(from)]; }

  // -- input ---
  void read(std::shared_ptr<reader> next);
  void prompt(const term& what);
  void serve_readers();
  void more_input();
  bool serve(reader& next);
  bool serve_line(reader& next);
  bool serve_chars(reader& next);
  bool serve_until(const std::shared_ptr<reader>& next);
  void until_result(const std::shared_ptr<reader>& next, caf::expected<term> result);
  void finish_reader(term result);
  term input_term(std::string text, bool latin1) const;

  // -- options and batches ---
  void set_options(const term& options, answer done);
  term options() const;
  void serve_batch(const std::shared_ptr<batch>& requests);

  sink_ptr output_;
  input_ptr input_;
  evaluator evaluate_;
  poster post_;
  std::array<output_state, 2> streams_;
  std::size_t backlog_ = 0;
  std::function<void()> on_progress_;
  std::function<void()> on_ready_;
  utf8_joiner input_joiner_;
  std::string buffer_; ///< input that no reader has taken yet
  bool end_of_input_ = false;
  bool reading_ = false;       ///< the source has been asked
  bool until_running_ = false; ///< the peer evaluates the first reader's function
  std::deque<std::shared_ptr<reader>> readers_;
  bool binary_ = false; ///< the option of that name: input is answered as binaries
  bool finished_ = false;
};

} // namespace peer::internal::console
