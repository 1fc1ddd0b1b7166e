// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Differences from OTP that no other test shows.

#define CAF_SUITE peer.conformance_differences

#include "support/system_fixture.hpp"

#include <algorithm>
#include <chrono>

using namespace peer::test;

namespace {

using clock_type = std::chrono::steady_clock;

} // namespace

CAF_TEST_FIXTURE_SCOPE(differences_tests, system_fixture)

CAF_TEST(the time of a large call is linear in its size) {
  auto options = erl();
  options.exec = peer::exec{PEER_NODE}; // over standard_io, where OTP needs 24 s for 32 MB
  auto worker = start(options);
  auto shortest_call = [&](std::size_t size) {
    auto data = std::vector<std::byte>(size, std::byte{'x'});
    auto result = clock_type::duration::max();
    for (auto i = 0; i < 3; ++i) { // the machine may have other work
      auto began = clock_type::now();
      CAF_CHECK(value_of(worker.within(patience).call<std::vector<std::byte>>("peer_node", "echo", data)) == data);
      result = std::min(result, clock_type::now() - began);
    }
    return result;
  };
  auto one = shortest_call(std::size_t{4} << 20);
  auto eight = shortest_call(std::size_t{32} << 20);
  CAF_CHECK_LESS(eight, 24 * one); // linear: 8; quadratic: 64
  CAF_CHECK_LESS(eight, std::chrono::seconds{12});
}

CAF_TEST_FIXTURE_SCOPE_END()
