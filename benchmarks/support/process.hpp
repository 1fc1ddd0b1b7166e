// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "support/statistics.hpp"

#include <string>
#include <vector>

#include <sys/types.h>

/// @file
/// Failures, other programs, and what the system tells about a process.

namespace bench {

/// Ends the program with status 1 and this sentence on standard error: a measurement that fails has no figures.
[[noreturn]] void fail(const std::string& why);

/// Starts a program (a path, or a name to be looked up in PATH) whose standard output is the descriptor `output`. It
/// inherits the other standard streams and no other descriptor. The caller reaps it. Ends this program if it cannot be
/// started.
pid_t start_program(const std::string& program, const std::vector<std::string>& arguments, int output);

/// Runs a program (a path, or a name to be looked up in PATH) and reads its figures: lines of its standard output that
/// consist of a name and a number. Other lines are passed on to standard error. A status other than 0, and no figure at
/// all, are a failure.
figures run_program(const std::string& program, const std::vector<std::string>& arguments);

/// Runs an Erlang script in the same way.
figures run_escript(const std::string& script, const std::vector<std::string>& arguments);

/// The number in the line of /proc/PID/status that begins with `key` ("VmRSS", "VmHWM": KiB; "Threads").
std::size_t status_of(pid_t process, const std::string& key);

/// Sets the peak of a process's resident memory (`VmHWM`) to what it is now.
void reset_peak(pid_t process);

/// How many descriptors this program has open.
std::size_t open_descriptors();

/// CPU time of this program so far, in seconds, all of its threads together.
double cpu_seconds();

} // namespace bench
