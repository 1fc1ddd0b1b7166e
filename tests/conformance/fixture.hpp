// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "column.hpp"
#include "support/system_fixture.hpp"

#include <chrono>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace peer::test {

/// Writes the result of a test when the test and its fixture are done.
class case_result {
public:
  case_result() = default;

  case_result(const case_result&) = delete;
  case_result& operator=(const case_result&) = delete;

  ~case_result();

  /// The case says nothing about this column, for that reason.
  void does_not_apply(std::string why);

  /// A part of OTP's case that this one leaves out, or does in another way.
  void remark(std::string text);

protected:
  std::string result_ = "pass";

private:
  std::string remark_;
};

/// What the cases have in common: peers of the column's kind over the column's connection.
struct conformance_fixture : case_result, system_fixture { // in this order: the result comes after all checks
  conformance_fixture();

  ~conformance_fixture();

  // -- the column ---

  bool is_erl() const { return this_column().is_erl; }

  template <class Connection>
  bool over() const {
    return std::holds_alternative<Connection>(this_column().connection);
  }

  /// Shows that a peer over distribution is refused.
  void refused();

  /// For cases that OTP does not run over distribution.
  void not_over_distribution() { does_not_apply("OTP runs it over TCP and standard I/O"); }

  // -- peers ---

  /// Options for a peer of this column.
  start_options options() const;

  /// The same, for a peer with that name; Erlang's port mapper is not needed.
  start_options named(std::string name) const;

  /// A peer that becomes one when `open_gate` lets it.
  start_options gated() const;

  void open_gate() const;

  /// The reason that OTP gives for the end of a process with that status.
  term ended(int status) const;

  /// Waits until the peer's state is `down`. Returns the reason as Erlang would see it.
  term down_reason(const handle& worker);

  /// Stops the peer, and checks that nothing of it is left when `stop` returns.
  stop_report stop(const handle& worker);

  /// Checks that options are refused, with the name of the option in the text, and that nothing was started.
  void check_refused(const start_options& options, std::string_view option);

  /// Checks that a peer ends with status 1 when its handler of the control connection is killed.
  void check_handler_crash(start_options options);

  /// Kills the process or actor of the peer that serves the control connection, after looking at how it is supervised.
  void kill_channel_handler(const handle& worker);

  /// The lines that are printed within the test's patience, sorted; a case that cannot know their order uses this.
  std::vector<std::string> sorted_lines(std::size_t count);

  std::string place; ///< a directory of this test's own
};

/// A port mapper of this test's own, which `erl` starts when it needs it. It is ended by the destructor, and all nodes
/// that use it have to be stopped before.
class port_mapper {
public:
  port_mapper();

  port_mapper(const port_mapper&) = delete;
  port_mapper& operator=(const port_mapper&) = delete;

  ~port_mapper();

  /// Makes a named `erl` use it.
  start_options with(start_options options) const;

private:
  std::string port_;
};

} // namespace peer::test
