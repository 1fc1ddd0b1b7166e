// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/peer.hpp"

#include <string>
#include <variant>
#include <vector>

namespace peerctl {

/// The exit statuses of all commands but `run`. Scripts depend on them. `supervise` has its own reasons: 2 for a file
/// that is wrong, 3 if the tree did not start or has given up, 128 + signal if a second one came, or SIGQUIT.
enum exit_code : int {
  done = 0,
  raised = 1,      ///< The called function ended with an exception.
  usage = 2,       ///< The command line is wrong.
  not_started = 3, ///< The peer did not start, or the tree could not do what it was asked to.
  timed_out = 4,   ///< The call was not answered in time.
  went_down = 5,   ///< The peer ended during the call.
};

/// `run` exits with this if the peer did not start, and as the peer did otherwise.
constexpr int run_not_started = 125;

/// What the user wants done.
enum class command { call, cast, run, shell, supervise, ask };

/// A command line that makes sense.
struct request {
  peerctl::command command = command::call;
  peer::start_options start;
  caf::timespan timeout{peer::defaults::call_timeout};

  /// What to call: for `call` and `cast` only.
  std::string module;
  std::string function;
  std::vector<peer::term> terms;

  /// The tree: for `supervise`.
  std::string file;

  /// What to ask a tree for: for `ask` only, where module, function and terms are above.
  std::string what;
  std::string child;
  caf::timespan wait{0}; ///< how long a call waits for a child that is down

  /// Where it is reached, or is to be; empty if nobody says it.
  std::string socket;
};

/// The program has nothing more to do than to exit with this status: help was printed, or what is wrong.
struct finished {
  int status;
};

/// Reads the command line; prints help and complaints itself.
std::variant<request, finished> parse_arguments(int argc, char** argv);

} // namespace peerctl
