// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "descriptor.hpp"

#include <functional>
#include <initializer_list>
#include <thread>

#include <signal.h>

namespace peerctl {

/// Blocks signals, for a `signal_watch`. Must be called before there is a second thread: a thread that does not block
/// them would let them end the program.
void block_signals(std::initializer_list<int> signals);

/// Calls a function for each of the signals that arrives, one call after the other, on a thread of its own. The signals
/// must be blocked in all threads.
class signal_watch {
public:
  signal_watch(std::initializer_list<int> signals, std::function<void(int)> on_signal);

  /// Waits for the function if it runs.
  ~signal_watch();

private:
  void watch(const std::function<void(int)>& on_signal) const;

  descriptor signals_;
  descriptor stop_;
  std::thread thread_;
};

} // namespace peerctl
