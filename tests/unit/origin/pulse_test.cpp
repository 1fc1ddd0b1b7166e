// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.origin.pulse

#include "origin/pulse.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

using namespace std::chrono_literals;

using peer::internal::origin::pulse;
using verdict = peer::internal::origin::pulse::verdict;

namespace {

struct fixture {
  /// Looks when it is due, or so much later.
  verdict look(std::chrono::milliseconds late = 0ms) {
    now = heart.next_look() + late;
    return heart.look(now, seen);
  }

  /// Asks the first question.
  void ask() {
    if (look() != verdict::ask)
      CAF_FAIL("the peer is not asked");
  }

  std::chrono::milliseconds passed() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(now - start);
  }

  peer::internal::origin::pulse::time_point start{1h};
  peer::internal::origin::pulse::time_point now = start;
  peer::internal::origin::pulse heart{peer::heartbeat{1s, 2500ms}, start};
  peer::internal::origin::pulse::traffic seen{100, 100, 100};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(pulse_tests, fixture)

CAF_TEST(a peer that answers is asked at every interval) {
  for (auto i = 1; i <= 5; ++i) {
    ask();
    CAF_CHECK(heart.asked());
    CAF_CHECK(passed() == i * 1s);
    heart.answered();
    CAF_CHECK(!heart.asked());
  }
}

CAF_TEST(an interval that is longer than the time for an answer is kept) {
  heart = peer::internal::origin::pulse{peer::heartbeat{5s, 1s}, start};
  ask();
  heart.answered();
  CAF_CHECK(look() == verdict::wait);
  ask();
  CAF_CHECK(passed() == 10s);
}

CAF_TEST(a peer that is silent hangs when its time has passed) {
  ask();
  CAF_CHECK(look() == verdict::wait);
  CAF_CHECK(look() == verdict::wait);
  CAF_CHECK(look() == verdict::hung);
  CAF_CHECK(passed() == 3500ms);
}

CAF_TEST(what comes from a peer shows that it lives) {
  ask();
  for (auto i = 0; i < 10; ++i) {
    ++seen.received;
    CAF_CHECK(look() == verdict::wait);
  }
  while (look() == verdict::wait)
    ;
  CAF_CHECK(now - heart.next_look() == 0s);
  CAF_CHECK(passed() == 11s + 2500ms);
}

CAF_TEST(a peer that reads what was there before the question lives and no longer than that) {
  seen.position = 1000;
  ask();
  seen.position = 5000; // the question, and what was sent after it
  auto before = passed();
  for (seen.written = 200; seen.written <= 1000; seen.written += 400)
    while (look(), passed() < before + 2500ms)
      ;
  CAF_CHECK(heart.asked());
  seen.written = 4000; // in the system's buffers: nobody needs to have read it
  auto last = verdict::wait;
  for (auto i = 0; i < 6 && last == verdict::wait; ++i)
    last = look();
  CAF_CHECK(last == verdict::hung);
}

CAF_TEST(a peer is asked again if it was this program that stood still) {
  ask();
  look();
  look();
  CAF_CHECK(look(1250ms) == verdict::wait);
  look();
  look();
  CAF_CHECK(look() == verdict::hung);
}

CAF_TEST_FIXTURE_SCOPE_END()
