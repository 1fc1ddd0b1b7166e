// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Stopping peers that follow, and peers that do not.

#define CAF_SUITE peer.system.stop

#include "support/system_fixture.hpp"

#include <csignal>

using namespace peer::test;
using namespace std::chrono_literals;

using peer::stop_step;
using peer::term;

namespace {

struct fixture : system_fixture {
  peer::handle start_with(peer::shutdown_option shutdown) {
    auto options = erl();
    options.shutdown = shutdown;
    return start(std::move(options));
  }

  /// Starts a program that does not speak the protocol and waits for its line "ready".
  peer::handle start_script(const std::string& program, peer::shutdown_option shutdown) {
    auto options = script(program);
    options.wait_boot = peer::no_wait{};
    options.shutdown = shutdown;
    auto worker = start(std::move(options));
    CAF_REQUIRE(console.wait_for("ready"));
    return worker;
  }

  /// Stops the peer, checks what ended it, and that nothing of it is left when `stop` returns.
  void check_stop(const peer::handle& worker, stop_step step, int status) {
    auto watch = end_watch{*sys, worker.actor()};
    auto report = value_of(worker.stop());
    CAF_CHECK_EQUAL(report.ended_by, step);
    CAF_REQUIRE(report.status);
    CAF_CHECK_EQUAL(peer::shell_status(*report.status), status);
    CAF_CHECK(children().empty());
    CAF_CHECK(!watch.reason());
    CAF_CHECK_EQUAL(error_of(worker.get_state()), peer::errc::noproc);
  }
};

/// A program that ends by nothing but SIGKILL. It is one process, so that nobody takes the signal instead of it.
constexpr auto stubborn = "trap '' TERM INT HUP; echo ready >&2; while :; do read line < /dev/zero; done";

} // namespace

CAF_TEST_FIXTURE_SCOPE(stop_tests, fixture)

// -- peers that follow ------------------------------------------------------------------------------------------------

CAF_TEST(by default the connection is closed and erl halts) {
  check_stop(start(erl()), stop_step::closed, 1);
}

CAF_TEST(close ends erl the same way) {
  check_stop(start_with(peer::shutdown_close{}), stop_step::closed, 1);
}

CAF_TEST(with a time erl is asked to stop) {
  check_stop(start_with(caf::timespan{patience}), stop_step::asked, 0);
}

CAF_TEST(with an infinite time erl is asked to stop) {
  check_stop(start_with(caf::infinite), stop_step::asked, 0);
}

CAF_TEST(stopping twice finds no process) {
  auto worker = start(erl());
  CAF_CHECK(worker.stop());
  CAF_CHECK_EQUAL(error_of(worker.stop()), peer::errc::noproc);
}

CAF_TEST(all who stop a peer at the same time are answered) {
  auto worker = start_with(caf::timespan{patience});
  auto self = caf::scoped_actor{*sys};
  auto requests = std::vector<decltype(self->request(worker.actor(), caf::infinite, peer::stop_atom_v))>{};
  for (auto i = 0; i < 3; ++i)
    requests.push_back(self->request(worker.actor(), caf::infinite, peer::stop_atom_v));
  for (auto& request : requests)
    request.receive([](const peer::stop_report& report) { CAF_CHECK_EQUAL(report.ended_by, stop_step::asked); },
                    [](const caf::error& err) { CAF_ERROR(peer::describe(err)); });
}

CAF_TEST(calls that are outstanding are answered) {
  auto worker = start(erl());
  auto self = caf::scoped_actor{*sys};
  auto sleep =
      peer::call_request{"timer", "sleep", value_of(peer::encode_arguments(peer::atom{"infinity"})), caf::infinite};
  auto call = self->request(worker.actor(), caf::infinite, std::move(sleep));
  CAF_CHECK(worker.stop());
  call.receive([](const peer::encoded_term&) { CAF_ERROR("the call returned"); },
               [](const caf::error& err) {
                 CAF_CHECK_EQUAL(err, peer::errc::exit_status);
                 auto details = peer::failure_of(err);
                 CAF_REQUIRE(details != nullptr);
                 CAF_CHECK_EQUAL(details->at, peer::phase::stopping);
               });
}

CAF_TEST(the policy of the end does not count if the peer is stopped) {
  auto options = erl();
  options.peer_down = peer::peer_down::crash;
  check_stop(start(std::move(options)), stop_step::closed, 1);
}

// -- peers that do not ------------------------------------------------------------------------------------------------

CAF_TEST(a peer that does not read takes the signal to terminate) {
  check_stop(start_script("echo ready >&2; exec sleep 1000", peer::shutdown_close{}), stop_step::terminated, 143);
}

CAF_TEST(a kill ends a stubborn peer and its group while a stop without end waits) {
  auto worker = start_script(std::string{"sleep 1000 & "} + stubborn, peer::shutdown_halt{caf::infinite});
  auto self = caf::scoped_actor{*sys};
  auto stop = self->request(worker.actor(), caf::infinite, peer::stop_atom_v);
  auto watch = end_watch{*sys, worker.actor()};
  auto report = value_of(worker.kill());
  CAF_CHECK_EQUAL(report.ended_by, stop_step::killed);
  CAF_REQUIRE(report.status);
  CAF_CHECK_EQUAL(peer::shell_status(*report.status), 137);
  CAF_CHECK(children().empty());
  CAF_CHECK(report.survivors.empty());
  stop.receive([](const peer::stop_report& same) { CAF_CHECK_EQUAL(same.ended_by, stop_step::killed); },
               [](const caf::error& err) { CAF_ERROR(peer::describe(err)); });
  CAF_CHECK(!watch.reason());
}

CAF_TEST(a peer that ignores the signal to terminate is killed) {
  check_stop(start_script(stubborn, peer::shutdown_close{}), stop_step::killed, 137);
}

CAF_TEST(a peer that ignores everything is killed after the time of halt) {
  check_stop(start_script(stubborn, peer::shutdown_halt{1s}), stop_step::killed, 137);
}

CAF_TEST(an erl that is suspended is killed) {
  auto worker = start_with(peer::shutdown_close{});
  kill(process_of(worker), SIGSTOP);
  check_stop(worker, stop_step::killed, 137);
}

CAF_TEST(an erl that is suspended is killed when its time to stop has passed) {
  auto worker = start_with(caf::timespan{1s});
  kill(process_of(worker), SIGSTOP);
  check_stop(worker, stop_step::killed, 137);
}

CAF_TEST(an erl that is asked and does not stop is ended) {
  auto worker = start_with(caf::timespan{1s});
  // Without its init process nobody hears the request.
  evaluate(worker, "erlang:suspend_process(whereis(init))");
  auto report = value_of(worker.stop());
  CAF_CHECK(report.ended_by == stop_step::terminated || report.ended_by == stop_step::killed);
  CAF_CHECK(report.status);
  CAF_CHECK(children().empty());
}

// -- what peers leave behind ------------------------------------------------------------------------------------------

CAF_TEST(what a peer started is gone as well) {
  auto worker = start_script("sleep 1000 & sleep 1000 & echo ready >&2; cat >&2", peer::shutdown_close{});
  auto family = guard.descendants();
  CAF_CHECK(!family.empty());
  CAF_CHECK(worker.stop());
  for (auto id : family)
    CAF_CHECK(wait_for_end(id, 1s));
}

CAF_TEST(what a peer started does not keep its end from being seen) {
  // The grandchild holds the pipes open.
  auto options = script("sleep 1000 & exit 7");
  auto began = std::chrono::steady_clock::now();
  auto err = start_failure(std::move(options));
  CAF_CHECK_LESS(std::chrono::steady_clock::now() - began, 1500ms);
  CAF_CHECK_EQUAL(peer::to_reason(err), "{boot_failed, {exit_status, 7}}"_term);
}

CAF_TEST_FIXTURE_SCOPE_END()
