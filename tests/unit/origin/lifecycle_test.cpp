// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.control.lifecycle

#include "caf/all.hpp"

#include "caf/test/dsl.hpp"

#include "origin/lifecycle.hpp"

#include <csignal>

using namespace std::chrono_literals;

using peer::phase;
using peer::stop_step;
using peer::internal::origin::lifecycle;
using peer::internal::origin::orders;

namespace {

peer::exit_status exited(int code) {
  return {peer::exit_status::kind::exited, code, false, caf::timespan{0}, caf::timespan{0}, 0};
}

struct fixture {
  /// A peer that runs.
  peer::internal::origin::lifecycle running() {
    auto result = peer::internal::origin::lifecycle{15s};
    result.on_spawned();
    result.on_started();
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(lifecycle_tests, fixture)

CAF_TEST(a peer boots and runs without a timer) {
  peer::internal::origin::lifecycle life{15s};
  CAF_CHECK(life.on_spawned().timer == caf::timespan{15s});
  CAF_CHECK(life.connected());
  CAF_CHECK(!life.started());
  CAF_CHECK(life.on_started().timer == caf::infinite);
  CAF_CHECK(life.started());
  CAF_CHECK(life.reached() == phase::running);
}

CAF_TEST(the exit of the process ends everything at once in every state) {
  for (int state = 0; state < 6; ++state) {
    peer::internal::origin::lifecycle life{15s};
    life.on_spawned();
    if (state > 0)
      life.on_started();
    if (state > 1)
      life.on_stop(caf::timespan{2s}); // asked
    if (state > 2)
      life.on_timer(); // terminating
    if (state > 3)
      life.on_timer(); // killing
    auto last = life.on_exit(exited(3));
    CAF_CHECK(last.finished);
    CAF_CHECK(life.down());
    CAF_CHECK(!life.connected());
    CAF_REQUIRE(life.status());
    CAF_CHECK_EQUAL(life.status()->value, 3);
    CAF_CHECK(!life.on_exit(exited(4)).finished);
    CAF_CHECK_EQUAL(life.status()->value, 3);
  }
}

CAF_TEST(a peer that does not boot in time is closed and then killed) {
  peer::internal::origin::lifecycle life{300ms};
  life.on_spawned();
  auto first = life.on_timer();
  CAF_CHECK(first.close);
  CAF_CHECK_EQUAL(first.signal, 0);
  CAF_CHECK(life.first() == peer::evidence::boot_time_out);
  CAF_CHECK(life.cause().find("300ms") != std::string::npos);
  auto second = life.on_timer();
  CAF_CHECK_EQUAL(second.signal, SIGKILL);
  CAF_CHECK(!second.finished);
  CAF_CHECK(life.on_exit({peer::exit_status::kind::signaled, SIGKILL, false, {}, {}, 0}).finished);
  CAF_CHECK(life.reached() == phase::boot);
}

CAF_TEST(the end of the stream leaves time for the exit status and then kills) {
  auto life = running();
  auto first = life.on_closed({});
  CAF_CHECK(first.close);
  CAF_CHECK(first.timer == caf::timespan{peer::defaults::exit_grace});
  CAF_CHECK(life.connection_lost());
  CAF_CHECK(!life.connected());
  CAF_CHECK_EQUAL(life.on_timer().signal, SIGKILL);
}

CAF_TEST(what is wrong with the stream is the cause) {
  auto life = running();
  life.on_closed(caf::make_error(peer::errc::protocol_violation, std::string{"byte 7: no frame"}));
  CAF_CHECK_EQUAL(life.cause(), "byte 7: no frame");
  life.on_closed(caf::make_error(peer::errc::system_failure, std::string{"later"}));
  CAF_CHECK_EQUAL(life.cause(), "byte 7: no frame");
}

CAF_TEST(halt closes and then terminates and then kills and then gives up) {
  auto life = running();
  auto first = life.on_stop(peer::shutdown_halt{3s});
  CAF_CHECK(first.close);
  CAF_CHECK(!first.ask_to_stop);
  CAF_CHECK(first.timer == caf::timespan{2250ms}); // the time of 3 s is for all steps together
  CAF_CHECK(life.last_step() == stop_step::closed);
  CAF_CHECK(life.first() == peer::evidence::request);
  auto second = life.on_timer();
  CAF_CHECK_EQUAL(second.signal, SIGTERM);
  CAF_CHECK(second.timer == caf::timespan{750ms});
  CAF_CHECK(life.last_step() == stop_step::terminated);
  CAF_CHECK_EQUAL(life.on_timer().signal, SIGKILL);
  CAF_CHECK(life.last_step() == stop_step::killed);
  CAF_CHECK(life.on_timer().finished);
  CAF_CHECK(life.last_step() == stop_step::gave_up);
  CAF_CHECK(!life.status());
  CAF_CHECK(life.cause().find("SIGKILL") != std::string::npos);
}

CAF_TEST(a time asks the peer first) {
  auto life = running();
  auto first = life.on_stop(caf::timespan{2s});
  CAF_CHECK(first.ask_to_stop);
  CAF_CHECK(!first.close);
  CAF_CHECK(first.timer == caf::timespan{1500ms});
  CAF_CHECK(life.connected());          // it may still answer calls
  CAF_CHECK(!life.on_closed({}).close); // it follows: no new deadline
  auto second = life.on_timer();
  CAF_CHECK(second.close);
  CAF_CHECK_EQUAL(second.signal, SIGTERM);
}

CAF_TEST(a long time leaves no more than a second for the signal) {
  auto life = running();
  CAF_CHECK(life.on_stop(peer::shutdown_halt{60s}).timer == caf::timespan{59s});
  CAF_CHECK(life.on_timer().timer == caf::timespan{peer::defaults::term_timeout});
}

CAF_TEST(an infinite time has no steps) {
  auto life = running();
  CAF_CHECK(life.on_stop(caf::infinite).timer == caf::timespan{caf::infinite});
}

CAF_TEST(what is seen first counts) {
  auto life = running();
  life.on_closed({});
  life.on_exit(exited(0));
  CAF_CHECK(life.first() == peer::evidence::end_of_stream);
  auto other = running();
  other.on_exit(exited(0));
  CAF_CHECK(other.first() == peer::evidence::exit);
  auto third = running();
  third.on_closed(caf::make_error(peer::errc::protocol_violation, std::string{"no frame"}));
  third.on_stop(peer::shutdown_halt{});
  CAF_CHECK(third.first() == peer::evidence::violation);
}

CAF_TEST(close has little patience) {
  auto life = running();
  auto first = life.on_stop(peer::shutdown_close{});
  CAF_CHECK(first.close);
  CAF_CHECK(first.timer == caf::timespan{peer::defaults::exit_grace});
  CAF_CHECK_EQUAL(life.on_timer().signal, SIGTERM);
}

CAF_TEST(a booting peer cannot be asked) {
  peer::internal::origin::lifecycle life{15s};
  life.on_spawned();
  auto first = life.on_stop(caf::timespan{2s});
  CAF_CHECK(!first.ask_to_stop);
  CAF_CHECK(first.close);
  CAF_CHECK(life.on_started().timer == std::nullopt); // too late
  CAF_CHECK(!life.started());
}

CAF_TEST(a second request to stop changes nothing) {
  auto life = running();
  life.on_stop(peer::shutdown_halt{3s});
  auto second = life.on_stop(caf::timespan{1s});
  CAF_CHECK(!second.close);
  CAF_CHECK(!second.ask_to_stop);
  CAF_CHECK(second.timer == std::nullopt);
}

CAF_TEST(a peer that hangs is aborted and its group is killed later) {
  auto life = running();
  auto first = life.on_hung({1s, 3s, 700ms});
  CAF_CHECK_EQUAL(first.signal, SIGABRT);
  CAF_CHECK(first.to_process);
  CAF_CHECK(first.timer == caf::timespan{700ms});
  CAF_CHECK(!life.connected());
  CAF_CHECK(life.first() == peer::evidence::heartbeat);
  CAF_CHECK_EQUAL(life.cause(), "no answer to the heartbeat within 3s");
  CAF_CHECK(!life.on_closed({}).timer);
  CAF_CHECK(!life.on_stop(peer::shutdown_halt{}).timer);
  auto second = life.on_timer();
  CAF_CHECK_EQUAL(second.signal, SIGKILL);
  CAF_CHECK(!second.to_process);
  CAF_CHECK(life.on_exit(exited(1)).finished);
  CAF_CHECK(life.first() == peer::evidence::heartbeat);
}

CAF_TEST(only a peer that runs can hang) {
  peer::internal::origin::lifecycle life{15s};
  life.on_spawned();
  CAF_CHECK_EQUAL(life.on_hung({1s, 3s}).signal, 0);
  life.on_started();
  life.on_stop(caf::timespan{2s});
  CAF_CHECK_EQUAL(life.on_hung({1s, 3s}).signal, 0);
}

CAF_TEST(a kill is one step from wherever the peer is) {
  for (int state = 0; state < 5; ++state) {
    peer::internal::origin::lifecycle life{15s};
    life.on_spawned();
    if (state > 0)
      life.on_started();
    if (state > 1)
      life.on_stop(caf::timespan{2s}); // asked
    if (state > 2)
      life.on_timer(); // terminating
    if (state == 4)
      life.on_closed({});
    auto first = life.on_kill();
    CAF_CHECK_EQUAL(first.signal, SIGKILL);
    CAF_CHECK(!first.ask_to_stop);
    CAF_CHECK(first.timer == 2 * caf::timespan{peer::defaults::kill_timeout});
    CAF_CHECK(!life.connected());
    CAF_CHECK(life.first() == peer::evidence::request);
    CAF_CHECK(life.reached() == phase::stopping);
    CAF_CHECK(life.on_started().timer == std::nullopt);
    CAF_CHECK_EQUAL(life.on_kill().signal, 0); // it is on its way
    CAF_CHECK(life.on_exit({peer::exit_status::kind::signaled, SIGKILL, false, {}, {}, 0}).finished);
    CAF_CHECK(life.last_step() == stop_step::killed);
    CAF_CHECK_EQUAL(life.on_kill().signal, 0);
  }
}

CAF_TEST(a kill after the end of the stream does not hide that end) {
  auto life = running();
  life.on_closed({});
  CAF_CHECK_EQUAL(life.on_kill().signal, SIGKILL);
  CAF_CHECK(life.first() == peer::evidence::end_of_stream);
  CAF_CHECK(life.reached() == phase::running);
}

CAF_TEST_FIXTURE_SCOPE_END()
