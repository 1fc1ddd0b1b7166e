// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/io_server.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <deque>
#include <optional>
#include <string>
#include <vector>

namespace peer::test {

/// An I/O server between a sink, an input and a peer that the test plays. Terms are Erlang text.
struct io_server_fixture {
  /// The answer to one request, once there is one.
  using answer_ref = const std::optional<std::string>&;

  /// A sink that takes its time.
  class slow_sink : public peer::internal::console::sink {
  public:
    explicit slow_sink(io_server_fixture& owner) : owner_(owner) {}

    void write(stream from, std::string_view text, done written) override {
      owner_.output.append(from == stream::standard_output ? "" : "!").append(text);
      owner_.unwritten.push_back(std::move(written));
      if (!owner_.sink_waits)
        owner_.all_written();
    }

    void finish() override { owner_.output += "<end>"; }

  private:
    io_server_fixture& owner_;
  };

  io_server_fixture() {
    auto input = function_input([this](peer::internal::console::input_source::receiver deliver) {
      CAF_CHECK(!receiver); // never again before it was answered
      ++questions;
      receiver = std::move(deliver);
    });
    auto evaluate = [this](const atom& module, const atom& function, const term& arguments,
                           peer::internal::console::io_server::evaluated done) {
      calls.push_back(module.name() + ":" + function.name() + " " + to_string(arguments));
      results.push_back(std::move(done));
    };
    server = std::make_shared<peer::internal::console::io_server>(
        std::make_shared<slow_sink>(*this), input(nullptr), evaluate,
        [this](std::function<void()> task) { posted.push_back(std::move(task)); });
  }

  // -- the peer ---

  /// Sends a request.
  answer_ref ask(std::string_view request) {
    auto& result = answers.emplace_back();
    server->request(unbox(parse_term(request)),
                    peer::internal::console::completion{[this, &result](const std::optional<term>& answer) {
                      CAF_CHECK(!result); // once
                      if (answer)
                        result = to_string(*answer);
                      else
                        ++abandoned;
                    }});
    run();
    return result;
  }

  /// Returns from the oldest call with `result`.
  void return_from_call(std::string_view result) { end_call(unbox(parse_term(result))); }

  /// Lets the oldest call fail.
  void fail_call() { end_call(caf::make_error(errc::exception, std::string{"badarg"})); }

  /// Takes the text of the oldest call that has not been looked at.
  std::string next_call() {
    if (calls.empty())
      return "none";
    auto result = std::move(calls.front());
    calls.pop_front();
    return result;
  }

  // -- the sink and the input ---

  /// What was printed since the last call.
  std::string printed() { return std::exchange(output, {}); }

  /// Reports that all output has been written.
  void all_written() {
    for (auto& done : std::exchange(unwritten, {}))
      done({});
  }

  /// Answers the server's question for input.
  void type(std::optional<std::string> text) {
    CAF_REQUIRE(receiver);
    std::exchange(receiver, nullptr)(std::move(text));
    run();
  }

  void end_of_input() { type(std::nullopt); }

  /// Does what a loop would do.
  void run() {
    while (!posted.empty()) {
      auto task = std::move(posted.front());
      posted.pop_front();
      task();
    }
  }

  std::deque<std::optional<std::string>> answers;
  int abandoned = 0; ///< requests that will have no answer
  std::string output;
  bool sink_waits = false;
  std::vector<peer::internal::console::sink::done> unwritten;
  std::deque<std::string> calls;
  std::deque<peer::internal::console::io_server::evaluated> results;
  peer::internal::console::input_source::receiver receiver;
  int questions = 0;
  std::deque<std::function<void()>> posted;
  std::shared_ptr<peer::internal::console::io_server> server; // last: it ends before what it uses

private:
  void end_call(caf::expected<term> result) {
    CAF_REQUIRE(!results.empty());
    auto done = std::move(results.front());
    results.pop_front();
    done(std::move(result));
    run();
  }
};

} // namespace peer::test
