// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// OTP's cases about the end of a peer that does not want to, or whose connection breaks.

#define CAF_SUITE peer.conformance

#include "fixture.hpp"

#include <csignal>
#include <fstream>
#include <future>
#include <thread>

using namespace peer::test;
using namespace std::literals;

using peer::atom;
using peer::stop_step;
using peer::term;

namespace {

using clock_type = std::chrono::steady_clock;

/// How much longer than OTP allows a step may take: the machine may have other work.
constexpr auto load = 2s;

/// How long SIGTERM is given before SIGKILL. OTP does neither.
constexpr auto signals = caf::timespan{peer::defaults::term_timeout};

struct fixture : conformance_fixture {
  /// Starts a named peer as OTP's cases do, and blocks it for that time.
  peer::handle start_blocked(peer::shutdown_option shutdown, std::chrono::milliseconds time) {
    auto options = named("shutdown");
    options.shutdown = shutdown;
    if (is_erl())
      options.args.emplace_back("-hidden");
    auto worker = start(std::move(options));
    if (is_erl())
      block_erl(worker, time);
    else
      suspend(process_of(worker), time);
    return worker;
  }

  static void block_erl(const peer::handle& worker, std::chrono::milliseconds time) {
    auto patient = worker.within(patience);
    value_of(patient.call<term>("erts_debug", "set_internal_state", atom{"available_internal_state"}, true));
    CAF_CHECK(!worker.cast("erts_debug", "set_internal_state", atom{"block"}, time.count()));
    while (worker.within(100ms).call<int>("erlang", "abs", -7)) {
      // until it answers no more
    }
  }

  /// Stops the process by SIGSTOP, and lets it go on after that time.
  void suspend(pid_t process, std::chrono::milliseconds time) {
    CAF_REQUIRE_EQUAL(kill(process, SIGSTOP), 0);
    while (!is_suspended(process))
      std::this_thread::yield();
    resumed = std::async(std::launch::async, [=] {
      if (!wait_for_end(process, time))
        kill(process, SIGCONT);
    });
  }

  static bool is_suspended(pid_t process) {
    auto status = std::ifstream{"/proc/" + std::to_string(process) + "/stat"};
    auto id = std::string{};
    auto name = std::string{};
    auto state = std::string{};
    status >> id >> name >> state;
    return state == "T";
  }

  /// Stops the peer and checks how long that took.
  peer::stop_report timed_stop(const peer::handle& worker, caf::timespan limit) {
    auto began = clock_type::now();
    auto report = stop(worker);
    CAF_CHECK_LESS(caf::timespan{clock_type::now() - began}, limit + load);
    return report;
  }

  /// Checks that a blocked peer has ended as one that is not, with that status, by that step.
  static void check_followed(const peer::stop_report& report, stop_step step, int status) {
    CAF_CHECK_EQUAL(report.ended_by, step);
    CAF_REQUIRE(report.status);
    CAF_CHECK_EQUAL(peer::shell_status(*report.status), status);
  }

  static void check_forced(const peer::stop_report& report) {
    CAF_CHECK(report.ended_by == stop_step::terminated || report.ended_by == stop_step::killed);
  }

  std::future<void> resumed;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(stop_tests, fixture)

// -- blocked peers, with OTP's times ----------------------------------------------------------------------------------

CAF_TEST(shutdown_halt) {
  if (over<peer::distribution>())
    return refused();
  auto began = clock_type::now();
  auto worker = start_blocked(peer::shutdown_halt{}, 500ms);
  check_followed(timed_stop(worker, 1000ms), stop_step::closed, 1);
  CAF_CHECK(clock_type::now() - began >= 500ms); // not before it could have halted
}

CAF_TEST(shutdown_halt_timeout) {
  if (over<peer::distribution>())
    return refused();
  auto worker = start_blocked(peer::shutdown_halt{1000ms}, 5000ms);
  check_forced(timed_stop(worker, 1500ms + signals));
}

CAF_TEST(shutdown_stop) {
  if (over<peer::distribution>())
    return refused();
  auto began = clock_type::now();
  auto worker = start_blocked(caf::infinite, 500ms);
  check_followed(timed_stop(worker, 2000ms), stop_step::asked, 0);
  CAF_CHECK(clock_type::now() - began >= 500ms);
}

CAF_TEST(shutdown_stop_timeout) {
  if (over<peer::distribution>())
    return refused();
  auto worker = start_blocked(caf::timespan{1000ms}, 5000ms);
  check_forced(timed_stop(worker, 2500ms + signals));
}

CAF_TEST(shutdown_close) {
  if (over<peer::distribution>())
    return refused();
  auto worker = start_blocked(peer::shutdown_close{}, 5000ms);
  check_forced(timed_stop(worker, 200ms + caf::timespan{peer::defaults::exit_grace} + signals));
  remark("within OTP's 200 ms and what it takes to end the process, for which OTP does not wait");
}

// -- other ends -------------------------------------------------------------------------------------------------------

CAF_TEST(stop_peer) {
  if (over<peer::distribution>())
    return not_over_distribution();
  auto options = named("stop_peer");
  if (is_erl()) {
    options.args.insert(options.args.end(), {"-eval", "timer:sleep(60000)."});
  } else {
    remark("a cast sleeps: a libpeer node has no `-eval`");
  }
  auto worker = start(std::move(options));
  if (!is_erl())
    CAF_CHECK(!worker.cast("timer", "sleep", 60000));
  stop(worker);
}

CAF_TEST(cntrl_channel_handler_crash) {
  if (over<peer::distribution>())
    return refused();
  check_handler_crash(named("cntrl_channel_handler_crash"));
}

CAF_TEST(cntrl_channel_handler_crash_old_release) {
  does_not_apply("there is no older release: Debian has one Erlang");
}

CAF_TEST_FIXTURE_SCOPE_END()
