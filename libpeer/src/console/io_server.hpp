// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/bounded_output.hpp"
#include "console/callbacks.hpp"
#include "console/completion.hpp"
#include "console/input.hpp"
#include "console/readers.hpp"
#include "console/request.hpp"
#include "console/sink.hpp"
#include "peer/term.hpp"

#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

namespace peer::internal::console {

/// The origin's side of Erlang's I/O protocol for one peer, and of its console: what is the group leader in OTP
/// ("The Erlang I/O Protocol", STDLIB).
///
/// Never blocks: a request that needs the sink, the input or the peer itself is answered when these are done, and
/// other requests go on meanwhile. Belongs to the loop's thread; sinks and sources on other threads post to it.
class io_server : public std::enable_shared_from_this<io_server> {
public:
  using evaluated = console::evaluated;

  io_server(sink_ptr output, input_ptr input, evaluator evaluate, poster post);

  /// Serves one request, and abandons `done` if the peer ends before that is answered.
  void request(const term& what, completion done);

  /// Passes on bytes that the peer printed outside of the protocol.
  void text(stream from, std::string_view bytes) { output_->feed(from, bytes); }

  /// Bytes that the sink has not written yet. Above `defaults::output_limit` output is dropped, and a line in the
  /// output states how much as soon as the sink has caught up.
  std::size_t backlog() const noexcept { return output_->backlog(); }

  /// Calls `handler` whenever the backlog has become smaller.
  void on_progress(std::function<void()> handler) { output_->on_progress(std::move(handler)); }

  /// Calls `handler` with each text that could not be written.
  void on_failure(std::function<void(const caf::error&)> handler) { output_->on_failure(std::move(handler)); }

  /// Calls `handler` whenever the peer sends the request `ready`.
  void on_ready(std::function<void()> handler) { on_ready_ = std::move(handler); }

  /// Ends the service when the peer has ended: passes on what was held back and abandons all requests, now and later.
  void finish();

private:
  using arguments = std::span<const term>;

  /// A request of the protocol: what it looks like and which function serves it.
  struct entry {
    std::string_view name;
    std::size_t arity; ///< elements that follow the name
    bool encoded;      ///< whether the first of them is the encoding
    /// Gets the elements behind the encoding.
    void (io_server::*serve)(arguments args, encoding chars, const completion& done);
  };

  static const entry* find(const console::request& what);

  // -- handlers, one for each row of the table ---
  void put_chars(arguments args, encoding chars, const completion& done);
  void put_result(arguments args, encoding chars, const completion& done);
  void put_bytes(arguments args, encoding, const completion& done);
  void get_line(arguments args, encoding chars, const completion& done);
  void get_chars(arguments args, encoding chars, const completion& done);
  void get_until(arguments args, encoding chars, const completion& done);
  void ready(arguments, encoding, const completion& done);
  void get_options(arguments, encoding, const completion& done);
  void set_options(arguments args, encoding, const completion& done);
  void serve_batch(arguments args, encoding, const completion& done);
  void unsupported(arguments, encoding, const completion& done);

  void print(const term& chars, encoding from, const completion& done);
  void print_result_of(const function_ref& what, encoding from, const completion& done);
  void read(const term& prompted, readers::wanted what, encoding chars, const completion& done);
  void prompt(const term& what, std::function<void()> then);

  std::shared_ptr<bounded_output> output_;
  std::shared_ptr<readers> input_;
  evaluator evaluate_;
  poster post_;
  std::function<void()> on_ready_;
  bool finished_ = false;
};

} // namespace peer::internal::console
