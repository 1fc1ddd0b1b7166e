// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/peer.hpp"
#include "support/process_guard.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

namespace peer::test {

/// How long a test waits for a fact that has to come. Only a test that fails takes so long.
inline constexpr auto patience = std::chrono::seconds{20};

/// The lines that peers print.
class line_log {
public:
  sink_factory sink();

  /// Waits until that line was printed. Returns false if it was not.
  bool wait_for(std::string_view line);

  /// Waits until there are as many lines; returns all.
  std::vector<std::string> wait_for(std::size_t count);

  std::vector<std::string> lines() const;

  /// The lines of one stream.
  std::vector<std::string> lines(stream from) const;

private:
  struct state {
    std::mutex mutex;
    std::condition_variable more;
    std::vector<output_line> lines;
  };

  std::shared_ptr<state> state_ = std::make_shared<state>();
};

/// Sees an actor's end.
class end_watch {
public:
  template <class Handle>
  end_watch(caf::actor_system& sys, const Handle& whom) : self_(sys) {
    self_->monitor(whom);
  }

  /// Waits for the end and returns the exit reason: no error for a normal one.
  caf::error reason();

private:
  caf::scoped_actor self_;
};

/// An actor system whose peers are real processes. After each test it proves that nothing is left of them: the system
/// ends first, which must not take longer than the watchdog allows.
struct system_fixture {
  system_fixture();

  ~system_fixture();

  // -- starting peers ---

  /// `erl`, with its output in `console`.
  start_options erl() const;

  /// A program in the language of sh, with its output in `console`.
  start_options script(std::string program) const;

  /// Starts a peer, which has to work.
  handle start(start_options options);

  /// Starts a peer, which has to fail.
  caf::error start_failure(start_options options);

  // -- talking to peers ---

  /// Evaluates Erlang expressions in an `erl`, with variables. What may be in them: all but non-ASCII characters.
  caf::expected<term> try_evaluate(const handle& worker, std::string_view expressions, const term& bindings = {});

  /// Like `try_evaluate`, and it has to work.
  term evaluate(const handle& worker, std::string_view expressions, const term& bindings = {});

  /// Parses expressions, for `erl_eval:exprs/2`.
  term parse_expressions(const handle& worker, std::string_view expressions);

  // -- facts ---

  static pid_t process_of(const handle& worker);

  /// The pid of the channel actor of a libpeer node, from the state of its `peer_supervision`.
  term channel_of_node(const handle& worker);

  /// How the process of a peer ended, as a shell tells it.
  static int end_status(const caf::error& why);

  /// The value; the test fails if there is an error instead.
  template <class T>
  static T value_of(caf::expected<T> x) {
    if (!x)
      CAF_FAIL("unexpected error: " << describe(x.error()));
    if constexpr (!std::is_void_v<T>)
      return std::move(*x);
  }

  /// The error; the test fails if there is a value instead.
  template <class T>
  static caf::error error_of(caf::expected<T> x) {
    if (x)
      CAF_FAIL("an error was expected");
    return std::move(x.error());
  }

  /// Checks that an `erl` answers.
  static void check_alive(const handle& worker);

  process_guard guard; // first: it sees what is there before everything else
  line_log console;
  caf::actor_system_config config;
  std::optional<caf::actor_system> sys;
};

/// Adds to a fixture the receiver of what `wait_boot` tells.
template <class Base>
struct with_notices : Base {
  with_notices() : self(*this->sys) {}

  notify notify_me(const char* tag) { return {caf::actor{self.ptr()}, atom{tag}}; }

  start_notice next_notice() {
    auto result = start_notice{};
    self->receive([&](const start_notice& x) { result = x; },
                  caf::after(patience) >> [] { CAF_FAIL("no notice arrived"); });
    return result;
  }

  caf::scoped_actor self;
};

/// The term that this text spells. Ends the test if it is none.
term operator""_term(const char* text, std::size_t size);

/// The characters of an ASCII text as Erlang's strings are: a list.
term charlist(std::string_view text);

/// Checks that `text` contains `part`, and shows both if it does not.
void check_contains(const std::string& text, std::string_view part);

} // namespace peer::test
