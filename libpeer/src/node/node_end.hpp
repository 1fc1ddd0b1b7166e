// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <string>

namespace peer::internal::node {

/// Ends the process with status 1, asking nobody: functions registered with `std::at_quick_exit` run, destructors do
/// not. May be called by any thread. @param complaint for standard error, cut to what a pipe
/// takes at once; nothing is said if it is empty
[[noreturn]] void end_node(const std::string& complaint);

} // namespace peer::internal::node
