// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Peers that hang, and peers that only seem to.

#define CAF_SUITE peer.origin.heartbeat

#include "control_fixture.hpp"

using namespace peer::test;
using namespace std::chrono_literals;

namespace {

struct fixture : control_fixture {
  fixture() {
    options.heartbeat = peer::heartbeat{1s, 3s, 500ms};
    options.peer_down = peer::peer_down::crash;
  }

  /// Lets time pass, second by second.
  void pass(int seconds) {
    for (auto i = 0; i < seconds; ++i) {
      advance_time(1s);
      settle();
    }
  }

  std::string last_sent() { return peer->channel.sent.empty() ? "" : to_string(peer->channel.sent.back()); }

  void answer_call(int seq) {
    peer->says(peer::tagged("reply", seq, peer::atom{"ok"}, false));
    settle();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(control_heartbeat_tests, fixture)

CAF_TEST(a peer that answers is asked again and an exception is an answer) {
  start_running();
  pass(1);
  CAF_CHECK_EQUAL(last_sent(), "{call,0,erlang,is_alive,[]}");
  answer_call(0);
  pass(1);
  CAF_CHECK_EQUAL(last_sent(), "{call,1,erlang,is_alive,[]}");
  peer->says(peer::tagged("reply", 1, peer::atom{"error"}, peer::erl::tuple{peer::atom{"undef"}, peer::erl::list{}}));
  settle();
  pass(1);
  CAF_CHECK_EQUAL(last_sent(), "{call,2,erlang,is_alive,[]}");
  CAF_CHECK(peer->signals.empty());
}

CAF_TEST(a peer that does not answer is aborted and then killed) {
  start_running();
  pass(3);
  CAF_CHECK(peer->signals.empty());
  CAF_CHECK_EQUAL(peer->channel.sent.size(), 1u); // one question at a time
  pass(1);
  CAF_CHECK_EQUAL(peer->signals, std::vector<int>{SIGABRT});
  CAF_CHECK(peer->scope == peer::internal::process::signal_scope::process);
  CAF_CHECK(peer->descendants_noted);
  call("a");
  CAF_CHECK_EQUAL(failure(), peer::errc::noconnection);
  advance_time(500ms);
  settle();
  CAF_CHECK_EQUAL(peer->signals, (std::vector<int>{SIGABRT, SIGKILL}));
  CAF_CHECK(peer->scope == peer::internal::process::signal_scope::group);
  peer->is_killed();
  settle();
  auto reason = exit_of_control();
  auto details = peer::failure_of(reason);
  CAF_REQUIRE(details);
  CAF_CHECK(details->first == peer::evidence::heartbeat);
  CAF_CHECK(details->at == peer::phase::running);
  CAF_CHECK_EQUAL(peer::describe(reason), "peer 'fake' ended while running: no answer to the heartbeat within 3s; the "
                                          "process killed by signal 9 (SIGKILL)");
}

CAF_TEST(other things that a peer says show that it lives) {
  start_running();
  pass(3);
  peer->says(peer::tagged("io_request", peer::pid{peer::atom{"n@h"}, 1, 0, 1}, 77, peer::atom{"getopts"}));
  pass(3);
  CAF_CHECK(peer->signals.empty());
  pass(1);
  CAF_CHECK_EQUAL(peer->signals, std::vector<int>{SIGABRT});
}

CAF_TEST(a peer that reads what waits for it lives) {
  start_running();
  peer->channel.stop_reading();
  call("a", caf::infinite);
  pass(3);
  ++*peer->channel.read_until;
  pass(3);
  CAF_CHECK(peer->signals.empty());
  pass(1);
  CAF_CHECK_EQUAL(peer->signals, std::vector<int>{SIGABRT});
}

CAF_TEST(an answer that has arrived is read before the peer is given up) {
  start_running();
  pass(1);
  pass(2);
  peer->channel.on_drain = [this] { answer_call(0); };
  pass(1);
  CAF_CHECK(peer->signals.empty());
}

CAF_TEST(nothing is asked while the control actor is suspended) {
  start_running();
  pass(1);
  ask(peer::sys_suspend_atom_v);
  pass(10);
  CAF_CHECK(peer->signals.empty());
  CAF_CHECK_EQUAL(peer->channel.sent.size(), 1u);
  ask(peer::sys_resume_atom_v);
  pass(1);
  CAF_CHECK_EQUAL(last_sent(), "{call,1,erlang,is_alive,[]}");
  pass(3);
  CAF_CHECK_EQUAL(peer->signals, std::vector<int>{SIGABRT});
}

CAF_TEST(nothing is asked while the peer boots or stops) {
  options.shutdown = caf::timespan{caf::infinite};
  start();
  pass(10);
  CAF_CHECK(peer->channel.sent.empty());
  peer->started();
  settle();
  answer<peer::peer_status>();
  ask(peer::stop_atom_v);
  pass(10);
  CAF_CHECK_EQUAL(last_sent(), "{cast,init,stop,[]}");
  CAF_CHECK(peer->signals.empty());
}

CAF_TEST(without the option nothing is asked) {
  options.heartbeat = std::nullopt;
  start_running();
  pass(100);
  CAF_CHECK(peer->channel.sent.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
