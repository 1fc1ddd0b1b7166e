// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// How long it takes: until a death is told, and until a peer that was suspended is gone.

#define CAF_SUITE peer.system.last_moment

#include "hostile_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

using namespace peer::test;
using namespace std::literals;

using peer::connection_kind;

namespace {

using clock_type = std::chrono::steady_clock;

struct fixture : hostile_fixture {
  /// Starts a program that dies in its boot. Returns how long after its death the start came back.
  std::chrono::nanoseconds time_to_tell(const connection_kind& kind, std::string_view phase) {
    auto stamp = std::filesystem::temp_directory_path() / peer::random_name("libpeer-stamp");
    auto err = start_failure(hostile(kind, phase, {"die", stamp}));
    auto told = clock_type::now().time_since_epoch(); // CLOCK_MONOTONIC, as the program's
    CAF_CHECK_EQUAL(to_string(peer::to_reason(err)), "{boot_failed,{exit_status,7}}");
    auto died = std::int64_t{0};
    std::ifstream{stamp} >> died;
    std::filesystem::remove(stamp);
    CAF_REQUIRE_GREATER(died, 0);
    return told - std::chrono::nanoseconds{died};
  }

  struct suspended {
    std::string what;
    peer::handle worker;
    pid_t process;
  };

  void suspend(std::vector<suspended>& all, const std::string& what, peer::start_options options) {
    auto worker = start(std::move(options));
    auto process = process_of(worker);
    kill(process, SIGSTOP);
    CAF_REQUIRE(wait_until_suspended(process));
    all.push_back({what, std::move(worker), process});
  }

  /// Suspends a peer of each kind over each connection, and stops them at the same time.
  void check_stops(const peer::shutdown_option& how, std::chrono::milliseconds bound) {
    auto all = std::vector<suspended>{};
    for (auto& [name, kind] : all_connections()) {
      for (auto options : {hostile(kind, "started", {"suspend"}), node(kind)}) {
        options.shutdown = how;
        suspend(all, options.exec->program + " over " + name, options);
      }
      if (name != "inherited") {
        auto options = erl();
        options.connection = kind;
        options.shutdown = how;
        suspend(all, "erl over " + name, std::move(options));
      }
    }
    auto stops = std::vector<std::future<std::chrono::nanoseconds>>{};
    for (auto& x : all)
      stops.push_back(std::async(std::launch::async, [&x] {
        auto began = clock_type::now();
        auto report = x.worker.stop();
        return report && report->ended_by != peer::stop_step::gave_up ? clock_type::now() - began
                                                                      : std::chrono::nanoseconds::max();
      }));
    for (auto i = std::size_t{0}; i < all.size(); ++i) {
      auto took = stops[i].get();
      if (took > bound)
        CAF_ERROR(all[i].what << ": the stop took " << caf::deep_to_string(caf::timespan{took}));
      CAF_CHECK_EQUAL(kill(all[i].process, 0), -1);
    }
  }

  /// What `stop` may add to the time that was asked for: for SIGTERM, for SIGKILL, and for a machine with other work.
  static constexpr auto signals = peer::defaults::exit_grace + peer::defaults::term_timeout + 1s;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(last_moment_tests, fixture)

CAF_TEST(a death in the boot is told within a tenth of a second) {
  for (auto& [name, kind] : all_connections())
    for (auto phase : {"apart", "connected"}) {
      auto best = std::chrono::nanoseconds::max();
      for (auto round = 0; round < 5 && best > 100ms; ++round) // the machine may have other work
        best = std::min(best, time_to_tell(kind, phase));
      CAF_MESSAGE(name << ", " << phase << ": told after " << caf::deep_to_string(caf::timespan{best}));
      CAF_CHECK_LESS(best, 100ms);
    }
}

CAF_TEST(suspended peers are gone when their connections have been closed) {
  check_stops(peer::shutdown_close{}, signals);
}

CAF_TEST(suspended peers are gone when their time to halt has passed) {
  check_stops(peer::shutdown_halt{1s}, 1s + signals);
}

CAF_TEST(suspended peers are gone when their time to stop has passed) {
  check_stops(caf::timespan{1s}, 1s + signals);
}

CAF_TEST_FIXTURE_SCOPE_END()
