// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "supervision/script.hpp"

#include <string>

namespace peer::test {

/// Whether children answer their supervisor from within its call or later. What it does must be the same.
enum class answers { at_once, later };

/// Runs the script through `peer::supervision` and tells what happened, a line each:
///
///     script NUMBER
///     step NUMBER, for each step until the supervisor has ended:
///     start ID ok|failed|ignored      it told a child to start
///     stop ID killed|shutdown         it stopped a child that ran
///     end ID REASON|none              the child ended by itself; `none` if it did not run
///     answer ANSWER                   of each request, in the order in which they were made
///     children ID:STATE:TYPE...       once nothing happens any more, in the order of starts
///     counts SPECS ACTIVE SUPERVISORS WORKERS
///     over REASON                     the supervisor has ended, instead of the last two
std::string trace_of(const script& what, answers when);

} // namespace peer::test
