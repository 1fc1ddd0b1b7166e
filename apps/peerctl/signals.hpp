// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "descriptor.hpp"

#include <chrono>
#include <functional>
#include <initializer_list>
#include <thread>

#include <signal.h>

namespace peerctl {

/// Blocks signals, for a `signal_watch`. Must be called before there is a second thread: a thread that does not block
/// them would let them end the program. Signals that are ignored stay so, as nohup(1) and shells want it: the kernel
/// would keep them if they were blocked.
void block_signals(std::initializer_list<int> signals);

/// Calls a function for each of the signals that arrives, one call after the other, on a thread of its own. The signals
/// must be blocked in all threads.
class signal_watch {
public:
  /// Throws `std::system_error` if there are too few descriptors or threads.
  signal_watch(std::initializer_list<int> signals, std::function<void(int)> on_signal);

  /// Waits for the function if it runs.
  ~signal_watch();

private:
  void watch(const std::function<void(int)>& on_signal) const;

  descriptor signals_;
  descriptor stop_;
  std::thread thread_;
};

/// Finds the copies of a signal: some programs, timeout(1) among them, send a signal to a process and to its group.
class signal_copies {
public:
  /// Whether the same signal arrived a moment ago.
  bool is_copy(int number);

private:
  int last_ = 0;
  std::chrono::steady_clock::time_point when_;
};

} // namespace peerctl
