// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "support/peak_memory.hpp"
#include "support/system_fixture.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peer::test {

/// Each connection that a C++ peer may have, with its name.
const std::vector<std::pair<std::string, connection_kind>>& all_connections();

/// Counts the bytes of a peer's output.
class byte_count {
public:
  /// A sink that is fast, or one that never tells that it has written anything.
  sink_factory sink(bool keeps_up = true);

  /// A sink that counts lines as they are passed on to users, without their newlines.
  sink_factory line_sink();

  std::uint64_t value() const { return *count_; }

  /// Waits until that many bytes have come. Returns false if they do not.
  bool wait_for(std::uint64_t least) const;

private:
  std::shared_ptr<std::atomic<std::uint64_t>> count_ = std::make_shared<std::atomic<std::uint64_t>>(0);
};

/// Calls a peer again and again as long as it lives, and then checks that each call was answered.
class steady_caller {
public:
  explicit steady_caller(handle worker);

  steady_caller(const steady_caller&) = delete;
  steady_caller& operator=(const steady_caller&) = delete;

  ~steady_caller();

private:
  std::atomic<bool> enough_ = false;
  std::future<std::pair<int, caf::error>> result_;
};

/// Peers that do everything wrong, and a good one at their side that must not notice.
struct hostile_fixture : system_fixture {
  /// By how much this program may grow, whatever a peer sends.
  static constexpr auto growth_limit = (std::size_t{64} << 20) + kept_by_sanitizer;

  hostile_fixture();

  ~hostile_fixture();

  /// The program "hostile" (hostile.c). Its end is an event that leaves the handle to be asked.
  start_options hostile(const connection_kind& kind, std::string_view phase, std::vector<std::string> mode) const;

  /// peer_node.
  start_options node(const connection_kind& kind) const;

  /// Calls a function that `erl` and peer_node have.
  static bool answers(const handle& worker);

  /// Waits until of all processes that the test has started those remain; else fails the test.
  void check_only_left(const std::vector<pid_t>& those) const;

  /// Checks that the memory of this program has stayed bounded. @param what the peers that it was about.
  static void check_growth(const peak_memory& memory, const std::string& what);

  handle good;
};

/// Waits until the process is stopped by a signal.
bool wait_until_suspended(pid_t process);

} // namespace peer::test
