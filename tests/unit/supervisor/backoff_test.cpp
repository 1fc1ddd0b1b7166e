// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.supervisor.backoff

#include "supervisor/backoff_state.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

using namespace std::chrono_literals;

namespace {

struct fixture {
  /// The next delay of a child that ran for that long before it ended.
  caf::timespan after(caf::timespan ran, double random = 0.5) {
    state.on_started(now);
    now += ran;
    return state.next(rule, now, random);
  }

  peer::restart_backoff rule{.initial = 100ms, .factor = 2, .maximum = 1s, .jitter = 0.1, .reset_after = 60s};
  peer::internal::supervisor::backoff_state state;
  peer::internal::supervisor::backoff_state::time_point now{1h};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(backoff_tests, fixture)

CAF_TEST(each delay is longer up to the maximum) {
  for (auto expected : {100ms, 200ms, 400ms, 800ms, 1000ms, 1000ms})
    CAF_CHECK_EQUAL(after(1s), caf::timespan{expected});
}

CAF_TEST(a child that ran long enough begins anew) {
  after(1s);
  after(1s);
  CAF_CHECK_EQUAL(after(60s - 1ns), caf::timespan{400ms});
  CAF_CHECK_EQUAL(after(60s), caf::timespan{100ms});
  CAF_CHECK_EQUAL(after(1s), caf::timespan{200ms});
}

CAF_TEST(a child that does not even start has not run) {
  after(1s);
  now += 1h;
  CAF_CHECK_EQUAL(state.next(rule, now, 0.5), caf::timespan{200ms});
  now += 1h;
  CAF_CHECK_EQUAL(state.next(rule, now, 0.5), caf::timespan{400ms});
}

CAF_TEST(jitter makes a delay longer or shorter by its part of it at most) {
  CAF_CHECK_EQUAL(after(1s, 0), caf::timespan{90ms});
  CAF_CHECK_EQUAL(after(1s, 1), caf::timespan{220ms});
  CAF_CHECK_EQUAL(after(1s, 0.25), caf::timespan{380ms}); // of 400 ms: jitter does not add up
  rule.jitter = 1;
  CAF_CHECK_EQUAL(after(1s, 0), caf::timespan{0});
  rule.jitter = 0;
  CAF_CHECK_EQUAL(after(1s, 0), caf::timespan{1s});
}

CAF_TEST(a factor of 1 keeps the delay) {
  rule.factor = 1;
  CAF_CHECK_EQUAL(after(1s), caf::timespan{100ms});
  CAF_CHECK_EQUAL(after(1s), caf::timespan{100ms});
}

CAF_TEST_FIXTURE_SCOPE_END()
