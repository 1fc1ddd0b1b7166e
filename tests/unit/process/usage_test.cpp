// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What a process has used while it runs.

#define CAF_SUITE peer.process.usage

#include "peer/process.hpp"
#include "tests/support/look_until.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

using namespace std::literals;
using namespace peer::test;

CAF_TEST_FIXTURE_SCOPE(usage_tests, subprocess_fixture)

CAF_TEST(the usage of a child that runs is told) {
  auto worker = start(shell("while :; do :; done"));
  CAF_CHECK(look_until([&] {
    auto usage = peer::usage_of(worker->id());
    return usage && usage->user_time + usage->system_time >= 50ms && usage->rss > 100;
  }));
}

CAF_TEST(processes that are no children of ours have no usage) {
  CAF_CHECK(!peer::usage_of(getppid()));
  CAF_CHECK(!peer::usage_of(getpid()));
}

CAF_TEST_FIXTURE_SCOPE_END()
