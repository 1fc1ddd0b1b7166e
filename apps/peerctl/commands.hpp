// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "arguments.hpp"

#include "caf/fwd.hpp"

#include <string>

namespace peerctl {

// Each of these carries out one command and returns the program's exit status. The first four need SIGINT, SIGTERM,
// SIGHUP and SIGQUIT blocked, `supervise` SIGTSTP as well.

int call(caf::actor_system& sys, const request& what);
int cast(caf::actor_system& sys, const request& what);
int run(caf::actor_system& sys, const request& what);
int shell(caf::actor_system& sys, const request& what);
int supervise(caf::actor_system& sys, const request& what);

/// Sends a request to a tree that another peerctl supervises, and prints the answer.
int ask_tree(const request& what);

/// Prints a text on standard output. Returns the exit status: that of a failed write, or `done`.
int print_result(const std::string& text);

/// Prints a line on standard error. Returns the status.
int end_with(int status, const std::string& complaint);

} // namespace peerctl
