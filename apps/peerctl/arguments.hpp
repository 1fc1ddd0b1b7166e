// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/peer.hpp"

#include <string>
#include <variant>
#include <vector>

namespace peerctl {

/// The exit statuses of all commands but `run`. Scripts depend on them. `supervise` exits with 2 for an error in the
/// file, 3 if the tree did not start or has given up, 128 + signal after a second signal or SIGQUIT.
enum exit_code : int {
  done = 0,
  raised = 1,        ///< The called function ended with an exception.
  usage = 2,         ///< The command line is wrong.
  not_started = 3,   ///< The peer did not start, or the request to the tree failed.
  timed_out = 4,     ///< No answer to the call in time.
  went_down = 5,     ///< The peer ended during the call.
  output_failed = 6, ///< The result could not be written.
};

/// `run` exits with this if the peer did not start, and as the peer did otherwise.
constexpr int run_not_started = 125;

/// The subcommands; `ask` stands for all requests to a running tree.
enum class command { call, cast, run, shell, supervise, ask };

/// A valid command line.
struct request {
  peerctl::command command = command::call;
  peer::start_options start;
  caf::timespan timeout{peer::defaults::call_timeout};

  /// The function to call and its arguments: for `call` and `cast` only.
  std::string module;
  std::string function;
  std::vector<peer::term> terms;

  /// The file of the tree: for `supervise`.
  std::string file;

  /// The request to a tree: for `ask` only, where module, function and terms are above.
  std::string what;
  std::string child;
  caf::timespan wait{0}; ///< how long a call waits for a child that is down

  /// Path of the tree's socket; empty for the file's or the default one.
  std::string socket;
};

/// The program has nothing more to do than print this text, on standard error unless the status is 0, and exit.
struct finished {
  int status;
  std::string text;
};

/// Reads the command line. Errors name the option as it was written.
std::variant<request, finished> parse_arguments(int argc, char** argv);

} // namespace peerctl
