// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.supervisor.restart_counter

#include "supervisor/restart_counter.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

using namespace std::chrono_literals;

namespace {

struct fixture {
  peer::internal::supervisor::restart_counter counter{2, 5s};
  peer::internal::supervisor::restart_counter::time_point start{1h};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(restart_counter_tests, fixture)

CAF_TEST(as many restarts as the intensity are all right and one more is not ) {
  CAF_CHECK(counter.add(start));
  CAF_CHECK(counter.add(start));
  CAF_CHECK(!counter.add(start));
}

CAF_TEST(both ends of the period belong to it) {
  counter.add(start);
  counter.add(start + 5s);
  CAF_CHECK(!counter.add(start + 5s));
}

CAF_TEST(what is older than the period is forgotten) {
  counter.add(start);
  counter.add(start + 5s);
  CAF_CHECK(counter.add(start + 5s + 1ns));
  CAF_CHECK(!counter.add(start + 10s));
  CAF_CHECK(counter.add(start + 16s));
}

CAF_TEST(an intensity of 0 allows no restart) {
  auto none = peer::internal::supervisor::restart_counter{0, 5s};
  CAF_CHECK(!none.add(start));
}

CAF_TEST(an endless period forgets nothing) {
  auto endless = peer::internal::supervisor::restart_counter{1, caf::infinite};
  CAF_CHECK(endless.add(start));
  CAF_CHECK(!endless.add(start + 10000h));
}

CAF_TEST(other rules count what has been counted) {
  counter.add(start);
  counter.add(start + 1s);
  counter.change(3, 10s);
  CAF_CHECK(counter.add(start + 10s));
  CAF_CHECK(!counter.add(start + 10s));
}

CAF_TEST_FIXTURE_SCOPE_END()
