// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <string>

namespace peer::internal::node {

/// Ends the process at once: functions registered with `std::at_quick_exit` run, destructors do not. May be called by
/// any thread. @param complaint for standard error, cut to what a pipe accepts at once; empty: nothing is printed
[[noreturn]] void end_node_with(int status, const std::string& complaint);

/// Ends it with status 1.
[[noreturn]] void end_node(const std::string& complaint);

} // namespace peer::internal::node
