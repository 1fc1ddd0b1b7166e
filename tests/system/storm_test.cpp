// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Many starts at the same time.

#define CAF_SUITE peer.system.storm

#include "hostile_fixture.hpp"

using namespace peer::test;
using namespace std::literals;

namespace {

struct fixture : hostile_fixture {
  /// Starts as many peers at once, calls and stops each. Returns how many of them did all that.
  int start_together(int count, const peer::start_options& options) {
    auto peers = std::vector<std::future<caf::error>>{};
    for (auto i = 0; i < count; ++i)
      peers.push_back(std::async(std::launch::async, [this, options]() -> caf::error {
        auto worker = peer::start(*sys, options);
        if (!worker)
          return worker.error();
        if (!answers(*worker))
          return caf::make_error(peer::errc::noconnection, "it does not answer"s);
        auto report = worker->stop();
        return report ? caf::error{} : report.error();
      }));
    auto result = 0;
    for (auto& x : peers)
      if (auto failed = x.get())
        CAF_MESSAGE(peer::describe(failed));
      else
        ++result;
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(storm_tests, fixture)

CAF_TEST(a thousand starts over tcp succeed in rounds of twenty) {
  auto began = std::chrono::steady_clock::now();
  auto calls = steady_caller{good};
  auto running = 0;
  for (auto round = 0; round < 50; ++round)
    running += start_together(20, node(peer::tcp{}));
  auto took = caf::timespan{std::chrono::steady_clock::now() - began};
  CAF_MESSAGE(running << " of 1000 in " << caf::deep_to_string(took));
  CAF_CHECK_EQUAL(running, 1000);
}

CAF_TEST(a hundred starts over an inherited socket succeed at once) {
  auto calls = steady_caller{good};
  CAF_CHECK_EQUAL(start_together(100, node(peer::inherited{})), 100);
}

CAF_TEST(twenty starts of erl over tcp succeed at once) {
  auto options = erl();
  options.connection = peer::tcp{};
  CAF_CHECK_EQUAL(start_together(20, options), 20);
}

CAF_TEST_FIXTURE_SCOPE_END()
