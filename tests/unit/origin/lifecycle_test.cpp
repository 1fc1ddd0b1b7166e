// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.origin.lifecycle

#include "origin/lifecycle.hpp"
#include "process/descriptor.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <cerrno>
#include <csignal>
#include <utility>

using namespace std::chrono_literals;

using peer::phase;
using peer::stop_step;
using peer::internal::origin::lifecycle;
using peer::internal::origin::orders;

namespace {

peer::exit_status exited(int code) {
  return {peer::exit_status::kind::exited, code, false, caf::timespan{0}, caf::timespan{0}, 0};
}

/// The stream ends, and the control actor follows that.
orders closed(lifecycle& life, peer::error why) {
  life.on_closed(std::move(why));
  return life.next();
}

/// The process exits, and the control actor follows that.
orders exits(lifecycle& life, const peer::exit_status& status) {
  life.on_exit(status);
  return life.next();
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
    auto last = exits(life, exited(3));
    CAF_CHECK(last.finished);
    CAF_CHECK(life.down());
    CAF_CHECK(!life.connected());
    CAF_REQUIRE(life.status());
    CAF_CHECK_EQUAL(life.status()->value, 3);
    CAF_CHECK(!exits(life, exited(4)).finished);
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
  CAF_CHECK(exits(life, {peer::exit_status::kind::signaled, SIGKILL, false, {}, {}, 0}).finished);
  CAF_CHECK(life.reached() == phase::boot);
}

CAF_TEST(the end of the stream leaves time for the exit status and then kills) {
  auto life = running();
  auto first = closed(life, {});
  CAF_CHECK(first.close);
  CAF_CHECK(first.timer == caf::timespan{peer::defaults::exit_grace});
  CAF_CHECK(life.connection_lost());
  CAF_CHECK(!life.connected());
  CAF_CHECK_EQUAL(life.on_timer().signal, SIGKILL);
}

CAF_TEST(a peer that closes the connection has the time of the option shutdown) {
  auto life = running();
  life.set_shutdown(caf::timespan{8s}, true);
  auto first = closed(life, {});
  CAF_CHECK(first.close);
  CAF_CHECK(first.timer == caf::timespan{peer::defaults::exit_grace});
  auto second = life.on_timer(true);
  CAF_CHECK(second.fail_calls);
  CAF_CHECK(second.timer == 7s - caf::timespan{peer::defaults::exit_grace});
  CAF_CHECK_EQUAL(second.signal, 0);
  auto third = life.on_timer(true);
  CAF_CHECK_EQUAL(third.signal, SIGTERM);
  CAF_CHECK(third.timer == caf::timespan{1s});
  CAF_CHECK_EQUAL(life.on_timer().signal, SIGKILL);
}

CAF_TEST(a peer that closes the connection has for ever if the option shutdown is infinite) {
  auto life = running();
  life.set_shutdown(caf::timespan{caf::infinite}, true);
  closed(life, {});
  CAF_CHECK(life.on_timer().timer == caf::timespan{caf::infinite});
}

CAF_TEST(a process that writes is not ended by a time that was not chosen) {
  auto life = running();
  life.set_shutdown(peer::shutdown_halt{5s}, false);
  closed(life, {});
  life.on_timer();
  for (auto round = 0; round < 10; ++round) {
    auto more = life.on_timer(true);
    CAF_CHECK_EQUAL(more.signal, 0);
    CAF_CHECK(more.timer == caf::timespan{peer::defaults::exit_grace});
  }
  CAF_CHECK_EQUAL(life.on_timer(false).signal, SIGTERM);
}

CAF_TEST(a stop ends the patience with a process that writes) {
  auto life = running();
  life.set_shutdown(peer::shutdown_halt{5s}, false);
  closed(life, {});
  life.on_timer();
  CAF_CHECK(!life.on_stop(peer::shutdown_halt{5s}).timer);
  CAF_CHECK_EQUAL(life.on_timer(true).signal, SIGTERM);
}

CAF_TEST(what is wrong with the stream is the cause) {
  auto life = running();
  closed(life, caf::make_error(peer::errc::protocol_violation, std::string{"byte 7: no frame"}));
  CAF_CHECK_EQUAL(life.cause(), "byte 7: no frame");
  closed(life, caf::make_error(peer::errc::system_failure, std::string{"later"}));
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
  CAF_CHECK(life.connected());        // it may still answer calls
  CAF_CHECK(!closed(life, {}).close); // it follows: no new deadline
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
  closed(life, {});
  exits(life, exited(0));
  CAF_CHECK(life.first() == peer::evidence::end_of_stream);
  auto other = running();
  exits(other, exited(0));
  CAF_CHECK(other.first() == peer::evidence::exit);
  auto third = running();
  closed(third, caf::make_error(peer::errc::protocol_violation, std::string{"no frame"}));
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
  CAF_CHECK(!closed(life, {}).timer);
  CAF_CHECK(!life.on_stop(peer::shutdown_halt{}).timer);
  auto second = life.on_timer();
  CAF_CHECK_EQUAL(second.signal, SIGKILL);
  CAF_CHECK(!second.to_process);
  CAF_CHECK(exits(life, exited(1)).finished);
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
      closed(life, {});
    auto first = life.on_kill();
    CAF_CHECK_EQUAL(first.signal, SIGKILL);
    CAF_CHECK(!first.ask_to_stop);
    CAF_CHECK(first.timer == 2 * caf::timespan{peer::defaults::kill_timeout});
    CAF_CHECK(!life.connected());
    CAF_CHECK(life.first() == peer::evidence::request);
    CAF_CHECK(life.reached() == phase::stopping);
    CAF_CHECK(life.on_started().timer == std::nullopt);
    CAF_CHECK_EQUAL(life.on_kill().signal, 0); // it is on its way
    CAF_CHECK(exits(life, {peer::exit_status::kind::signaled, SIGKILL, false, {}, {}, 0}).finished);
    CAF_CHECK(life.last_step() == stop_step::killed);
    CAF_CHECK_EQUAL(life.on_kill().signal, 0);
  }
}

CAF_TEST(a kill after the end of the stream does not hide that end) {
  auto life = running();
  closed(life, {});
  CAF_CHECK_EQUAL(life.on_kill().signal, SIGKILL);
  CAF_CHECK(life.first() == peer::evidence::end_of_stream);
  CAF_CHECK(life.reached() == phase::running);
}

CAF_TEST(evidence is recorded at once and followed once) {
  auto life = running();
  CAF_CHECK(life.running());
  CAF_CHECK(life.on_closed({}));
  CAF_CHECK(!life.on_closed(caf::make_error(peer::errc::system_failure, std::string{"later"})));
  CAF_CHECK(life.stream_ended());
  CAF_CHECK(!life.connected());
  CAF_CHECK(!life.running());
  CAF_CHECK(!life.down());
  life.on_exit(exited(3), {{4712, "sleep 1000"}});
  life.on_exit(exited(4));
  CAF_CHECK(!life.down());
  CAF_CHECK(life.next().finished);
  CAF_CHECK(life.down());
  CAF_CHECK(!life.next().finished);
  CAF_CHECK(life.first() == peer::evidence::end_of_stream);
  CAF_CHECK_EQUAL(life.cause(), "");
  CAF_CHECK_EQUAL(life.report().status->value, 3);
  CAF_CHECK_EQUAL(life.report().survivors, (std::vector<peer::survivor>{{4712, "sleep 1000"}}));
}

CAF_TEST(an exit that was recorded is followed when the timer fires) {
  auto life = running();
  life.on_stop(caf::timespan{2s});
  life.on_exit(exited(0));
  auto last = life.on_timer();
  CAF_CHECK(last.finished);
  CAF_CHECK_EQUAL(last.signal, 0);
  CAF_CHECK(life.last_step() == stop_step::asked);
}

CAF_TEST(a peer that was not started is down with the error of the system) {
  peer::internal::origin::lifecycle life{15s};
  CAF_CHECK(!life.connected());
  auto last = life.on_not_started(peer::internal::process::system_failure("cannot execute 'fake'", ENOENT));
  CAF_CHECK(last.finished);
  CAF_CHECK(life.down());
  CAF_CHECK(life.first() == peer::evidence::not_started);
  CAF_CHECK_EQUAL(life.error_number(), ENOENT);
  CAF_CHECK(life.reached() == phase::spawn);
}

CAF_TEST(a peer that is stopped before its start is not started) {
  for (auto at_once : {false, true}) {
    peer::internal::origin::lifecycle life{15s};
    CAF_CHECK((at_once ? life.on_kill() : life.on_stop(peer::shutdown_halt{})).finished);
    CAF_CHECK(life.first() == peer::evidence::request);
    CAF_CHECK_EQUAL(life.cause(), "it was stopped before");
    CAF_CHECK(life.on_spawned().timer == std::nullopt);
    CAF_CHECK(life.down());
  }
}

CAF_TEST(the state is down when the end has its error) {
  peer::internal::origin::lifecycle life{15s};
  CAF_CHECK(life.state() == peer::peer_state::booting);
  life.on_spawned();
  life.on_started();
  CAF_CHECK(life.state() == peer::peer_state::running);
  exits(life, exited(1));
  life.conclude(caf::make_error(peer::errc::exit_status));
  CAF_CHECK(life.state() == peer::peer_state::down);
  CAF_CHECK_EQUAL(life.reason(), peer::errc::exit_status);
}

CAF_TEST(the options say what the control actor exits with) {
  auto exit_reason = [](peer::peer_down policy, bool started) {
    auto options = peer::start_options{};
    options.peer_down = policy;
    peer::internal::origin::lifecycle life{options.wait_boot};
    life.on_spawned();
    if (started)
      life.on_started();
    exits(life, exited(1));
    life.conclude(caf::make_error(peer::errc::exit_status));
    return life.exit_reason(options);
  };
  CAF_CHECK(exit_reason(peer::peer_down::stop, true) == caf::error{});
  CAF_CHECK(exit_reason(peer::peer_down::crash, true) == caf::make_error(peer::errc::exit_status));
  CAF_CHECK(exit_reason(peer::peer_down::continue_, true) == std::nullopt);
  CAF_CHECK(exit_reason(peer::peer_down::continue_, false) == caf::error{}); // nobody has got a handle
}

CAF_TEST(the first request to stop says what the control actor exits with) {
  auto options = peer::start_options{};
  options.peer_down = peer::peer_down::crash;
  auto life = running();
  life.on_stop(caf::timespan{2s}, caf::make_error(caf::exit_reason::user_shutdown));
  life.on_stop(caf::timespan{2s}, caf::make_error(caf::exit_reason::unknown));
  exits(life, exited(1));
  life.conclude(caf::make_error(peer::errc::exit_status));
  CAF_CHECK(life.exit_reason(options) == caf::make_error(caf::exit_reason::user_shutdown));
}

CAF_TEST_FIXTURE_SCOPE_END()
