// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.origin.outstanding_calls

#include "origin/outstanding_calls.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

using namespace std::chrono_literals;

namespace {

using table = peer::internal::origin::outstanding_calls<int>;

const auto start = table::time_point{} + 1h;

} // namespace

CAF_TEST(each call leaves the table once) {
  table calls;
  auto a = calls.add(1, start, 5s);
  auto b = calls.add(2, start, 5s);
  CAF_CHECK_NOT_EQUAL(a, b);
  CAF_CHECK(calls.take(b) == 2);
  CAF_CHECK(calls.take(b) == std::nullopt);
  CAF_CHECK(calls.take(a) == 1);
  CAF_CHECK(calls.take(77) == std::nullopt);
  CAF_CHECK_EQUAL(calls.size(), 0u);
}

CAF_TEST(the next check is that of the earliest deadline) {
  table calls;
  CAF_CHECK(calls.next_check() == table::never);
  calls.add(1, start, 5s);
  CAF_CHECK(calls.next_check() == start + 5s);
  calls.add(2, start + 1s, 1s);
  CAF_CHECK(calls.next_check() == start + 2s);
  calls.add(3, start, 10s);
  CAF_CHECK(calls.next_check() == start + 2s);
  using expired = std::vector<std::pair<std::uint64_t, int>>;
  CAF_CHECK(calls.take_expired(start + 2s) == (expired{{1, 2}}));
  CAF_CHECK(calls.next_check() == start + 5s);
  CAF_CHECK(calls.take_expired(start + 4s).empty());
  CAF_CHECK(calls.take_expired(start + 11s).size() == 2u);
  CAF_CHECK(calls.next_check() == table::never);
}

CAF_TEST(an infinite time passes never) {
  table calls;
  auto seq = calls.add(1, start, caf::infinite);
  CAF_CHECK(calls.next_check() == table::never);
  CAF_CHECK(calls.take_expired(table::never - 1ns).empty());
  CAF_CHECK(calls.take(seq) == 1);
}

CAF_TEST(all calls come out in their order) {
  table calls;
  for (int i = 0; i < 100; ++i)
    calls.add(i, start, 1s);
  auto all = calls.take_all();
  CAF_REQUIRE_EQUAL(all.size(), 100u);
  for (int i = 0; i < 100; ++i)
    CAF_CHECK_EQUAL(all[static_cast<size_t>(i)], i);
  CAF_CHECK(calls.take_all().empty());
}
