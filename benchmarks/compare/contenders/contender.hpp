// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <string>
#include <vector>

/// @file
/// What every other library does, and the program that measures it.

namespace contenders {

/// How many calls are on their way at the same time when throughput is measured.
inline constexpr std::size_t outstanding = 64;

/// A connection to a server in a process of its own. Whatever fails ends the program with a message.
class client {
public:
  virtual ~client() = default;

  /// Sends a number and waits for the number that comes back.
  virtual void call() = 0;

  /// Makes that many calls with `outstanding` of them on their way at any time, and waits for the last answer.
  virtual void call_often(std::size_t calls) = 0;

  /// Sends the payload, waits for what comes back and checks that it is the same.
  virtual void echo(const std::string& payload) = 0;
};

/// A kind of server and its client.
struct contender {
  std::string name;

  /// Listens, tells the address (`tell_address`) and serves until the process is killed.
  std::function<void()> serve;

  /// Connects to the address that `serve` has told.
  std::function<std::unique_ptr<client>(const std::string& address)> connect;
};

/// The program: `QUESTION [OPTION...]` measures the contenders, "--serve NAME" is one's server. Returns the exit
/// status.
int run(int argc, char** argv, const std::vector<contender>& contenders);

} // namespace contenders
