// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// How a peer ends, and who learns of it.

#define CAF_SUITE peer.origin.end

#include "control_fixture.hpp"

using namespace peer::test;
using namespace std::chrono_literals;

CAF_TEST_FIXTURE_SCOPE(control_end_tests, control_fixture)

CAF_TEST(every outstanding call is answered once when the peer ends) {
  options.peer_down = peer::peer_down::crash;
  start_running();
  call("a");
  call("b", caf::infinite);
  peer->exits(9);
  settle();
  for (int i = 0; i < 2; ++i)
    CAF_CHECK_EQUAL(failure(), peer::errc::exit_status);
  auto reason = exit_of_control();
  CAF_CHECK_EQUAL(to_string(peer::to_reason(reason)), "{exit_status,9}");
  CAF_CHECK(self->mailbox().empty());
}

CAF_TEST(the policy stop exits normally) {
  start_running();
  peer->exits(1);
  settle();
  CAF_CHECK(!exit_of_control());
}

CAF_TEST(the policy continue stays and later calls have no connection) {
  options.peer_down = peer::peer_down::continue_;
  start_running();
  peer->exits(1);
  settle();
  CAF_CHECK(!peer->alive);
  ask(peer::get_state_atom_v);
  auto status = answer<peer::peer_status>();
  CAF_CHECK(status.state == peer::peer_state::down);
  CAF_CHECK_EQUAL(status.reason, peer::errc::exit_status);
  CAF_CHECK(!status.process_id);
  call("a");
  CAF_CHECK_EQUAL(failure(), peer::errc::noconnection);
  ask(peer::cast_request{"m", "f", *peer::encode_arguments()}); // dropped
  ask(peer::stop_atom_v);
  CAF_CHECK(answer<peer::stop_report>().ended_by == peer::stop_step::none);
  CAF_CHECK(!exit_of_control());
}

CAF_TEST(the end of the stream is followed by the exit status) {
  options.peer_down = peer::peer_down::crash;
  start_running();
  call("a");
  peer->control->on_closed({});
  settle();
  CAF_CHECK(self->mailbox().empty()); // one event with all evidence, not two
  peer->exits(0);
  settle();
  auto err = failure();
  CAF_CHECK_EQUAL(err, peer::errc::exit_status);
  CAF_CHECK_EQUAL(peer::failure_of(err)->cause, ""); // it simply ended
  CAF_CHECK_EQUAL(exit_of_control(), peer::errc::exit_status);
}

CAF_TEST(calls are answered before a process ends that takes its time) {
  options.peer_down = peer::peer_down::crash;
  options.shutdown = caf::timespan{8s};
  start_running();
  call("a", caf::infinite);
  peer->control->on_closed({});
  settle();
  advance_time(peer::defaults::exit_grace);
  settle();
  CAF_CHECK_EQUAL(failure(), peer::errc::connection_closed);
  CAF_CHECK(peer->signals.empty());
  peer->exits(3);
  settle();
  CAF_CHECK_EQUAL(to_string(peer::to_reason(exit_of_control())), "{exit_status,3}");
}

CAF_TEST(a violation of the protocol ends the peer) {
  options.peer_down = peer::peer_down::crash;
  start_running();
  peer->says(peer::tagged("nonsense", 1));
  settle();
  CAF_CHECK(peer->channel.closed);
  advance_time(peer::defaults::exit_grace);
  settle();
  CAF_CHECK_EQUAL(peer->signals, std::vector<int>{SIGKILL});
  peer->exits(0);
  settle();
  auto reason = exit_of_control();
  CAF_CHECK(peer::describe(reason).find("nonsense") != std::string::npos);
}

CAF_TEST(stop answers when the process has ended) {
  options.shutdown = caf::timespan{2s};
  start_running();
  ask(peer::stop_atom_v);
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{cast,init,stop,[]}");
  CAF_CHECK(self->mailbox().empty());
  advance_time(1500ms);
  settle();
  CAF_CHECK_EQUAL(peer->signals, std::vector<int>{SIGTERM});
  advance_time(500ms);
  settle();
  CAF_CHECK_EQUAL(peer->signals, (std::vector<int>{SIGTERM, SIGKILL}));
  peer->is_killed();
  settle();
  auto report = answer<peer::stop_report>();
  CAF_CHECK(report.ended_by == peer::stop_step::killed);
  CAF_CHECK_EQUAL(report.status->value, SIGKILL);
  CAF_CHECK(!exit_of_control());
}

CAF_TEST(kill_atom kills at once and answers when the process has ended) {
  start_running();
  call("a");
  ask(peer::kill_atom_v);
  CAF_CHECK_EQUAL(peer->signals, std::vector<int>{SIGKILL});
  CAF_CHECK_EQUAL(peer->channel.sent.size(), 1u); // nobody asked it
  CAF_CHECK(self->mailbox().empty());
  peer->is_killed();
  settle();
  CAF_CHECK_EQUAL(failure(), peer::errc::exit_status);
  auto report = answer<peer::stop_report>();
  CAF_CHECK(report.ended_by == peer::stop_step::killed);
  CAF_CHECK_EQUAL(report.status->value, SIGKILL);
  CAF_CHECK(!exit_of_control());
}

CAF_TEST(kill_atom hastens a stop and answers both) {
  options.shutdown = caf::timespan{caf::infinite};
  start_running();
  ask(peer::stop_atom_v);
  CAF_CHECK(peer->signals.empty());
  ask(peer::kill_atom_v);
  CAF_CHECK_EQUAL(peer->signals, std::vector<int>{SIGKILL});
  peer->is_killed();
  settle();
  for (int i = 0; i < 2; ++i)
    CAF_CHECK(answer<peer::stop_report>().ended_by == peer::stop_step::killed);
  CAF_CHECK(!exit_of_control());
}

CAF_TEST(kill_atom ends a peer that boots) {
  start();
  ask(peer::kill_atom_v);
  CAF_CHECK_EQUAL(peer->signals, std::vector<int>{SIGKILL});
  peer->is_killed();
  settle();
  auto why = failure(); // of the boot
  CAF_CHECK_EQUAL(why, peer::errc::boot_failed);
  CAF_CHECK(peer::failure_of(why)->first == peer::evidence::request);
  CAF_CHECK(answer<peer::stop_report>().ended_by == peer::stop_step::killed);
  CAF_CHECK(!exit_of_control());
}

CAF_TEST(kill_atom finds a peer that is down) {
  options.peer_down = peer::peer_down::continue_;
  start_running();
  peer->exits(1);
  settle();
  ask(peer::kill_atom_v);
  auto report = answer<peer::stop_report>();
  CAF_CHECK(report.ended_by == peer::stop_step::none);
  CAF_CHECK_EQUAL(report.status->value, 1);
  CAF_CHECK(peer->signals.empty());
  CAF_CHECK(!exit_of_control());
}

CAF_TEST(the end of the parent stops the peer and a normal one too) {
  for (auto reason : {caf::exit_reason::normal, caf::exit_reason::user_shutdown}) {
    peer = std::make_shared<fake_peer>();
    parent = sys.spawn([reason](caf::event_based_actor* me) -> caf::behavior {
      return {[me, reason](caf::close_atom) { me->quit(reason); }};
    });
    start_running();
    caf::anon_send(parent, caf::close_atom_v);
    settle();
    CAF_CHECK(peer->channel.closed);
    peer->exits(1);
    settle();
    CAF_CHECK_EQUAL(exit_of_control(), reason);
    parent = nullptr;
  }
}

CAF_TEST(an exit message stops the peer and a normal one of a stranger is ignored) {
  start_running();
  caf::anon_send_exit(control, caf::exit_reason::normal);
  settle();
  CAF_CHECK(!peer->channel.closed);
  caf::anon_send_exit(control, caf::exit_reason::user_shutdown);
  settle();
  CAF_CHECK(peer->channel.closed);
  peer->exits(1);
  settle();
  CAF_CHECK_EQUAL(exit_of_control(), caf::exit_reason::user_shutdown);
}

CAF_TEST(a kill ends the peer without asking) {
  start_running();
  caf::anon_send_exit(control, caf::exit_reason::kill);
  settle();
  CAF_CHECK(!peer->alive);
  CAF_CHECK_EQUAL(exit_of_control(), caf::exit_reason::kill);
}

CAF_TEST(a call that the peer has not got is not delivered) {
  options.peer_down = peer::peer_down::crash;
  start_running();
  call("a");
  peer->channel.stop_reading();
  call("b");
  peer->exits(9);
  settle();
  CAF_CHECK(peer::delivery_of(failure()) == peer::delivery::unanswered);
  CAF_CHECK(peer::delivery_of(failure()) == peer::delivery::not_delivered);
}

CAF_TEST(a call after the end of the stream has no connection) {
  options.shutdown = caf::timespan{2s};
  start_running();
  ask(peer::stop_atom_v);
  call("a");
  peer->control->on_closed({});
  settle();
  auto sent = peer->channel.sent.size();
  call("b");
  CAF_CHECK_EQUAL(failure(), peer::errc::noconnection);
  CAF_CHECK_EQUAL(peer->channel.sent.size(), sent);
  peer->exits(0);
  settle();
  CAF_CHECK(peer::delivery_of(failure()) == peer::delivery::unanswered);
}

CAF_TEST(a call that the peer has got and not answered may have run) {
  options.peer_down = peer::peer_down::crash;
  start_running();
  call("a");
  peer->exits(9);
  settle();
  CAF_CHECK(peer::delivery_of(failure()) == peer::delivery::unanswered);
  CAF_CHECK(peer::failure_of(exit_of_control())->call == std::nullopt);
}

CAF_TEST(what is left of a peer is in the answer to stop) {
  start_running();
  ask(peer::stop_atom_v);
  CAF_CHECK(peer->descendants_noted);
  auto left = std::vector<peer::survivor>{{4712, "sleep 1000"}};
  peer->exits(1, left);
  settle();
  CAF_CHECK(answer<peer::stop_report>().survivors == left);
}

CAF_TEST(the end of a peer tells what was seen first and what is left) {
  options.peer_down = peer::peer_down::crash;
  start_running();
  peer->control->on_closed({});
  settle();
  peer->exits(3, {{4712, "sleep 1000"}});
  settle();
  auto reason = exit_of_control();
  auto details = peer::failure_of(reason);
  CAF_REQUIRE(details);
  CAF_CHECK(details->first == peer::evidence::end_of_stream);
  CAF_CHECK_EQUAL(details->connection, "inherited");
  CAF_CHECK_EQUAL(peer::describe(reason), "peer 'fake' ended while running: exited with status 3; left "
                                          "behind: 4712 (sleep 1000)");
}

CAF_TEST(the end of a peer over tcp has the reason that OTP gives it) {
  options.peer_down = peer::peer_down::crash;
  options.connection = peer::tcp{};
  start_running();
  peer->exits(3);
  settle();
  auto reason = exit_of_control();
  CAF_CHECK_EQUAL(to_string(peer::to_reason(reason)), "tcp_closed");
  CAF_CHECK_EQUAL(peer::failure_of(reason)->status->value, 3);
}

CAF_TEST_FIXTURE_SCOPE_END()
