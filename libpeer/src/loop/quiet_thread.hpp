// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <functional>
#include <thread>

namespace peer::internal::loop {

/// Starts a thread that never runs a signal handler of the host's: it blocks all signals but those that tell of a crash
/// of its own, such as SIGSEGV.
std::thread start_quiet_thread(std::function<void()> body);

} // namespace peer::internal::loop
