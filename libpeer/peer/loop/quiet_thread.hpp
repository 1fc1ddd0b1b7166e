// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <functional>
#include <thread>

namespace peer {

/// Starts a thread that blocks all signals: it never runs a signal handler of the host's.
std::thread start_quiet_thread(std::function<void()> body);

} // namespace peer
