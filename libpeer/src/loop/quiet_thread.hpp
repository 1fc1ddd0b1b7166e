// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <functional>
#include <thread>

namespace peer::internal::loop {

/// Starts a thread that never runs a signal handler of the host: it blocks all signals except those raised by its own
/// faults, such as SIGSEGV. Throws `std::system_error` if the system cannot start a thread.
std::thread start_quiet_thread(std::function<void()> body);

} // namespace peer::internal::loop
