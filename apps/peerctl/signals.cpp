// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "signals.hpp"

#include <cerrno>
#include <system_error>
#include <utility>

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

namespace peerctl {

namespace {

/// Signals that arrive within this time are one. It is shorter than the time between two presses of Ctrl-C.
constexpr auto moment = std::chrono::milliseconds{150};

sigset_t set_of(std::initializer_list<int> signals) {
  sigset_t result;
  sigemptyset(&result);
  for (auto each : signals)
    sigaddset(&result, each);
  return result;
}

bool is_ignored(int number) {
  struct sigaction now = {};
  return sigaction(number, nullptr, &now) == 0 && now.sa_handler == SIG_IGN;
}

int open_signals(std::initializer_list<int> signals) {
  auto set = set_of(signals);
  return signalfd(-1, &set, SFD_CLOEXEC);
}

} // namespace

void block_signals(std::initializer_list<int> signals) {
  for (auto each : signals)
    if (!is_ignored(each)) {
      auto set = set_of({each});
      pthread_sigmask(SIG_BLOCK, &set, nullptr);
    }
}

signal_watch::signal_watch(std::initializer_list<int> signals, std::function<void(int)> on_signal)
    : signals_(open_signals(signals)), stop_(eventfd(0, EFD_CLOEXEC)) {
  if (!signals_ || !stop_)
    throw std::system_error{errno, std::generic_category(), "cannot receive signals"};
  thread_ = std::thread{[this, on_signal = std::move(on_signal)] { watch(on_signal); }};
}

signal_watch::~signal_watch() {
  eventfd_write(stop_.get(), 1);
  thread_.join();
}

void signal_watch::watch(const std::function<void(int)>& on_signal) const {
  for (;;) {
    pollfd ready[] = {{signals_.get(), POLLIN, 0}, {stop_.get(), POLLIN, 0}};
    if (poll(ready, 2, -1) < 0 && errno == EINTR)
      continue;
    if (ready[1].revents != 0)
      return;
    auto info = signalfd_siginfo{};
    if (read(signals_.get(), &info, sizeof(info)) != sizeof(info))
      return;
    on_signal(static_cast<int>(info.ssi_signo));
  }
}

bool signal_copies::is_copy(int number) {
  auto now = std::chrono::steady_clock::now();
  if (number == last_ && now - when_ < moment)
    return true;
  last_ = number;
  when_ = now;
  return false;
}

} // namespace peerctl
