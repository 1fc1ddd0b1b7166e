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
  auto time_of_call = [&](std::size_t size) {
    auto data = std::vector<std::byte>(size, std::byte{'x'});
    auto began = clock_type::now();
    CAF_CHECK(value_of(worker.within(patience).call<std::vector<std::byte>>("peer_node", "echo", data)) == data);
    return clock_type::now() - began;
  };
  auto small = clock_type::duration::max();
  auto large = clock_type::duration::max();
  for (auto i = 0; i < 3; ++i) { // in turn: the machine may have other work
    small = std::min(small, time_of_call(std::size_t{1} << 20));
    large = std::min(large, time_of_call(std::size_t{32} << 20));
  }
  CAF_MESSAGE("1 MiB in " << small.count() << " ns, 32 MiB in " << large.count() << " ns");
  CAF_CHECK_LESS(large, 180 * small); // linear: 32; quadratic: 1024
}

CAF_TEST_FIXTURE_SCOPE_END()
