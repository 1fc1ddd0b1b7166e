// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "process/descriptor.hpp"

#include <string>
#include <vector>

#include <sys/types.h>

namespace peer::test {

/// Starts a program that a test needs besides the peers, with the library's launcher and none of its initializers but
/// the search in PATH. It inherits the session, the signal mask, the standard streams and nothing else. The caller
/// reaps it (waitpid(2)). Ends the test program if it cannot be started.
///
/// @param words the program, a path or a name, and its arguments.
pid_t start_helper(const std::vector<std::string>& words);

/// A program and the end of a pipe from which its output can be read.
struct piped_helper {
  pid_t id = 0;
  peer::internal::process::descriptor output;
};

/// The streams of a program that go to the pipe.
enum class piped { error, output_and_error };

/// Starts a program in the same way, with its output in a pipe.
piped_helper start_helper(const std::vector<std::string>& words, piped streams);

} // namespace peer::test
