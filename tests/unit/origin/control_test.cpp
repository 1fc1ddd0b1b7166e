// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.origin.control

#include "control_fixture.hpp"

using namespace peer::test;
using namespace std::chrono_literals;

CAF_TEST_FIXTURE_SCOPE(control_tests, control_fixture)

CAF_TEST(a peer boots) {
  start();
  CAF_CHECK(peer->alive);
  ask(peer::get_state_atom_v);
  auto status = answer<peer::peer_status>();
  CAF_CHECK(status.state == peer::peer_state::booting);
  CAF_CHECK(status.process_id == 4711);
  peer->started();
  settle();
  auto booted = answer<peer::peer_status>();
  CAF_CHECK(booted.state == peer::peer_state::running);
  CAF_CHECK_EQUAL(booted.node, peer::atom{"nonode@nohost"});
  CAF_CHECK(booted.process_id == 4711);
  ask(peer::get_state_atom_v);
  CAF_CHECK(answer<peer::peer_status>().state == peer::peer_state::running);
}

CAF_TEST(a program that cannot be started fails in the phase spawn) {
  launch_error = peer::internal::process::system_failure("cannot execute 'fake'", ENOENT);
  start();
  auto err = failure();
  CAF_CHECK_EQUAL(to_string(peer::to_reason(err)), "{boot_failed,enoent}");
  CAF_CHECK(peer::failure_of(err)->first == peer::evidence::not_started);
  CAF_CHECK_EQUAL(err, peer::errc::boot_failed);
  CAF_REQUIRE(peer::failure_of(err));
  CAF_CHECK(peer::failure_of(err)->at == peer::phase::spawn);
  CAF_CHECK(peer::describe(err).find("No such file") != std::string::npos);
  CAF_CHECK(!exit_of_control());
}

CAF_TEST(a peer that exits while it boots is reported with status and last words) {
  start();
  peer->control->on_stderr(peer::detail::as_byte_span("cannot read config\nbye"));
  peer->exits(7);
  settle();
  auto err = failure();
  CAF_CHECK_EQUAL(err, peer::errc::boot_failed);
  auto details = peer::failure_of(err);
  CAF_REQUIRE(details);
  CAF_CHECK(details->at == peer::phase::boot);
  CAF_CHECK_EQUAL(details->status->value, 7);
  CAF_CHECK_EQUAL(details->last_words, (std::vector<std::string>{"cannot read config", "bye"}));
  CAF_CHECK_EQUAL(to_string(peer::to_reason(err)), "{boot_failed,{exit_status,7}}");
}

CAF_TEST(a peer that does not boot in time is killed and the error says so) {
  options.wait_boot = caf::timespan{300ms};
  start();
  advance_time(300ms);
  settle();
  CAF_CHECK(peer->channel.closed);
  advance_time(peer::defaults::exit_grace);
  settle();
  CAF_CHECK_EQUAL(peer->signals, std::vector<int>{SIGKILL});
  peer->is_killed();
  settle();
  auto err = failure();
  CAF_CHECK_EQUAL(err, peer::errc::boot_failed);
  CAF_CHECK(peer::failure_of(err)->cause.find("300ms") != std::string::npos);
  CAF_CHECK_EQUAL(to_string(peer::to_reason(err)), "timeout");
}

CAF_TEST(a boot that failed tells what is known about the connection) {
  peer->boot_report = "it never connected";
  start();
  peer->exits(7);
  settle();
  auto err = failure();
  CAF_CHECK_EQUAL(peer::describe(err), "peer 'fake' ended before it had booted: it never connected; the process exited "
                                       "with status 7");
  CAF_CHECK_EQUAL(to_string(peer::to_reason(err)), "{boot_failed,{exit_status,7}}");
}

CAF_TEST(the cause of a failed boot comes before what is known about the connection) {
  peer->boot_report = "it never connected";
  options.wait_boot = caf::timespan{300ms};
  start();
  advance_time(300ms);
  settle();
  peer->exits(0);
  settle();
  auto err = failure();
  CAF_REQUIRE(peer::failure_of(err));
  CAF_CHECK_EQUAL(peer::failure_of(err)->cause, "it did not report its start within 300ms; it never connected");
}

CAF_TEST(a receiver is notified of the boot) {
  options.wait_boot = peer::notify{caf::actor_cast<caf::actor>(self), peer::atom{"tag"}};
  start();
  peer->started();
  settle();
  auto notice = answer<peer::start_notice>();
  CAF_CHECK_EQUAL(notice.tag, peer::term{peer::atom{"tag"}});
  CAF_CHECK_EQUAL(notice.node, peer::atom{"nonode@nohost"});
  CAF_CHECK(!notice.reason);
  CAF_CHECK_EQUAL(notice.control, control.address());
}

CAF_TEST(a receiver is notified of a boot that failed and only once) {
  options.wait_boot = peer::notify{caf::actor_cast<caf::actor>(self), 1};
  start();
  peer->exits(1);
  settle();
  self->receive([](const peer::start_notice& x) { CAF_CHECK_EQUAL(x.reason, peer::errc::boot_failed); });
  CAF_CHECK_EQUAL(failure(), peer::errc::boot_failed); // of await_boot
  CAF_CHECK(!exit_of_control());
  CAF_CHECK(self->mailbox().empty());
}

CAF_TEST(a boot that nobody waits for has a limit) {
  options.wait_boot = peer::no_wait{};
  start();
  advance_time(peer::defaults::boot_limit);
  settle();
  CAF_CHECK(peer->channel.closed);
}

CAF_TEST(calls are sent and answered in any order) {
  start_running();
  call("a");
  call("b");
  CAF_REQUIRE_EQUAL(peer->channel.sent.size(), 2u);
  CAF_CHECK_EQUAL(to_string(peer->channel.sent[0]), "{call,0,m,a,[1]}");
  CAF_CHECK_EQUAL(to_string(peer->channel.sent[1]), "{call,1,m,b,[1]}");
  peer->says(peer::tagged("reply", 1, peer::atom{"ok"}, "second"));
  peer->says(peer::tagged("reply", 0, peer::atom{"ok"}, 42));
  CAF_CHECK_EQUAL(*answer<peer::encoded_term>().as<std::string>(), "second");
  auto first = answer<peer::encoded_term>();
  CAF_CHECK_EQUAL(*first.as<int>(), 42);
  CAF_CHECK_EQUAL(first.as<std::string>().error(), peer::errc::type_mismatch);
}

CAF_TEST(exceptions carry class and reason and stacktrace) {
  start_running();
  auto reply = [this](const char* cls, peer::term result) {
    static int seq = 0;
    call("f");
    peer->says(peer::tagged("reply", seq++, peer::atom{cls}, std::move(result)));
    auto err = failure();
    CAF_CHECK_EQUAL(err, peer::errc::exception);
    return to_string(peer::to_reason(err));
  };
  auto with_stack = [](peer::term reason) { return peer::erl::tuple{std::move(reason), peer::erl::list{}}; };
  CAF_CHECK_EQUAL(reply("throw", with_stack(peer::atom{"ball"})), "{throw,ball}");
  CAF_CHECK_EQUAL(reply("error", with_stack(peer::atom{"undef"})), "{error,undef}");
  CAF_CHECK_EQUAL(reply("exit", with_stack(peer::erl::tuple{1, 2})), "{exit,{1,2}}");
  CAF_CHECK_EQUAL(reply("crash", peer::atom{"killed"}), "{exit,killed}");
  CAF_CHECK_EQUAL(reply("crash", peer::erl::tuple{1, 2}), "{exit,{1,2}}");
}

CAF_TEST(a call times out and its late answer is dropped) {
  start_running();
  call("slow", 1s);
  call("slower", 2s);
  advance_time(1s);
  settle();
  auto err = failure();
  CAF_CHECK_EQUAL(err, peer::errc::timeout);
  CAF_CHECK(peer::describe(err).find("m:slow ") != std::string::npos);
  peer->says(peer::tagged("reply", 0, peer::atom{"ok"}, 1));
  CAF_CHECK(self->mailbox().empty());
  advance_time(1s);
  settle();
  CAF_CHECK_EQUAL(failure(), peer::errc::timeout);
}

CAF_TEST(a peer is told that nobody waits for a call any more) {
  start();
  call("early", 1s);
  advance_time(1s);
  settle();
  CAF_CHECK_EQUAL(failure(), peer::errc::timeout);
  CAF_CHECK_EQUAL(peer->channel.sent.size(), 1u); // the call: who would be told has no name yet
  peer->started();
  settle();
  CAF_CHECK_EQUAL(answer<peer::peer_status>().node, peer::atom{"nonode@nohost"});
  call("slow", 1s);
  call("fast", 1s);
  peer->says(peer::tagged("reply", 2, peer::atom{"ok"}, 1));
  answer<peer::encoded_term>();
  advance_time(1s);
  settle();
  CAF_CHECK_EQUAL(failure(), peer::errc::timeout);
  CAF_CHECK_EQUAL(peer->channel.sent.size(), 4u);
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{message,{libpeer_calls,nonode@nohost},1}");
}

CAF_TEST(messages reach the actors that were exposed and no others) {
  start_running();
  ask(peer::expose_atom_v, caf::actor_cast<caf::actor>(self));
  auto id = answer<peer::term>();
  ask(peer::expose_atom_v, caf::actor_cast<caf::actor>(self));
  CAF_CHECK_EQUAL(answer<peer::term>(), id);
  peer->says(peer::tagged("message", id, "hello"));
  settle();
  CAF_CHECK_EQUAL(answer<peer::term>(), peer::term{"hello"});
  auto other = *id.get_if<peer::pid>();
  other.id += 1;
  peer->says(peer::tagged("message", other, "nobody"));
  peer->says(peer::tagged("message", peer::atom{"nobody"}, "nobody"));
  settle();
  CAF_CHECK(self->mailbox().empty());
  ask(peer::get_state_atom_v);
  CAF_CHECK(answer<peer::peer_status>().state == peer::peer_state::running);
}

CAF_TEST(messages are sent to pids and names) {
  start_running();
  auto content = peer::byte_buffer{};
  CAF_CHECK(!peer::save_term(content, 5));
  ask(peer::send_request{peer::atom{"printer"}, content});
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{message,{printer,nonode@nohost},5}");
  ask(peer::cast_request{"m", "f", *peer::encode_arguments()});
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{cast,m,f,[]}");
}

CAF_TEST(output is passed on and requests are answered) {
  start_running();
  auto from = peer::pid{peer::atom{"n@h"}, 1, 0, 1};
  auto chars = peer::erl::tuple{peer::atom{"put_chars"}, peer::atom{"unicode"}, "hi\n"};
  peer->says(peer::tagged("io_request", from, 77, chars));
  settle();
  self->receive([](const peer::output_line& line) { CAF_CHECK_EQUAL(line.text, "hi"); });
  CAF_CHECK_EQUAL(peer->channel.sent.back(), peer::term(peer::tagged("io_reply", from, 77, peer::atom{"ok"})));
  // io:format: the peer makes the text
  auto format = peer::erl::tuple{peer::atom{"put_chars"}, peer::atom{"unicode"}, peer::atom{"io_lib"},
                                 peer::atom{"format"}, peer::erl::list{"x~n", peer::erl::list{}}};
  peer->says(peer::tagged("io_request", from, 78, format));
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{call,0,io_lib,format,[<<\"x~n\">>,[]]}");
  peer->says(peer::tagged("reply", 0, peer::atom{"ok"}, peer::erl::list{"x", 10}));
  settle();
  self->receive([](const peer::output_line& line) { CAF_CHECK_EQUAL(line.text, "x"); });
}

CAF_TEST(a peer that does not read costs no more memory than its limit) {
  options.queue_limit = 1000;
  start_running();
  peer->channel.stop_reading();
  auto big = *peer::encode_arguments(std::string(2000, 'x'));
  CAF_CHECK(!refusal(peer::cast_request{"m", "f", big})); // a single message may be larger
  auto sent = peer->channel.sent.size();
  call("a");
  auto refused = failure();
  CAF_CHECK_EQUAL(refused, peer::errc::overload);
  CAF_CHECK(peer::delivery_of(refused) == peer::delivery::not_delivered);
  CAF_CHECK_EQUAL(refusal(peer::cast_request{"m", "f", big}), peer::errc::overload);
  CAF_CHECK_EQUAL(refusal(peer::send_request{peer::atom{"printer"}, big}), peer::errc::overload);
  CAF_CHECK_EQUAL(peer->channel.sent.size(), sent);
  peer->channel.go_on_reading();
  call("b");
  CAF_CHECK_EQUAL(peer->channel.sent.size(), sent + 1);
}

CAF_TEST(no more calls wait for their answers than may) {
  options.max_calls = 2;
  start_running();
  call("a");
  call("b");
  auto sent = peer->channel.sent.size();
  call("c");
  auto refused = failure();
  CAF_CHECK_EQUAL(refused, peer::errc::overload);
  CAF_CHECK(peer::describe(refused).find("2 calls wait for it (max_calls)") != std::string::npos);
  CAF_CHECK(peer::delivery_of(refused) == peer::delivery::not_delivered);
  CAF_CHECK_EQUAL(peer->channel.sent.size(), sent);
  CAF_CHECK(!refusal(peer::cast_request{"m", "f", *peer::encode_arguments()}));
  peer->says(peer::tagged("reply", 0, peer::atom{"ok"}, 1));
  settle();
  answer<peer::encoded_term>();
  call("d");
  CAF_CHECK_EQUAL(peer->channel.sent.size(), sent + 2);
}

CAF_TEST(calls whose time has passed do not wait) {
  options.max_calls = 1;
  start_running();
  call("a", std::chrono::seconds{1});
  advance_time(std::chrono::seconds{1});
  settle();
  CAF_CHECK_EQUAL(failure(), peer::errc::timeout);
  auto sent = peer->channel.sent.size();
  call("b");
  CAF_CHECK_EQUAL(peer->channel.sent.size(), sent + 1);
}

CAF_TEST(calls of our own are not refused and refuse no others) {
  options.max_calls = 1;
  start_running();
  call("a");
  auto from = peer::pid{peer::atom{"n@h"}, 1, 0, 1};
  auto format = peer::erl::tuple{peer::atom{"put_chars"}, peer::atom{"unicode"}, peer::atom{"io_lib"},
                                 peer::atom{"format"}, peer::erl::list{"x~n", peer::erl::list{}}};
  peer->says(peer::tagged("io_request", from, 78, format));
  settle();
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{call,1,io_lib,format,[<<\"x~n\">>,[]]}");
  peer->says(peer::tagged("reply", 0, peer::atom{"ok"}, 1));
  settle();
  answer<peer::encoded_term>();
  auto sent = peer->channel.sent.size();
  call("b");
  CAF_CHECK_EQUAL(peer->channel.sent.size(), sent + 1);
}

CAF_TEST(who does not ask whether a cast was sent gets no error) {
  options.queue_limit = 0;
  start_running();
  peer->channel.stop_reading();
  ask(peer::cast_request{"m", "f", *peer::encode_arguments()});
  ask(peer::cast_request{"m", "f", *peer::encode_arguments()});
  ask(peer::send_request{peer::atom{"printer"}, *peer::encode_arguments()});
  CAF_CHECK(self->mailbox().empty());
  CAF_CHECK_EQUAL(peer->channel.sent.size(), 1u);
}

CAF_TEST(messages that wait for the boot have the same limit) {
  options.queue_limit = 1000;
  start();
  auto big = *peer::encode_arguments(std::string(2000, 'x'));
  CAF_CHECK(!refusal(peer::send_request{peer::atom{"printer"}, big}));
  CAF_CHECK_EQUAL(refusal(peer::send_request{peer::atom{"printer"}, big}), peer::errc::overload);
  peer->started();
  settle();
  CAF_CHECK_EQUAL(peer->channel.sent.size(), 1u);
}

CAF_TEST(a peer that asks and does not read the answers is ended) {
  options.peer_down = peer::peer_down::crash;
  options.queue_limit = 0;
  start_running();
  peer->channel.stop_reading();
  peer->channel.sent_bytes += std::uint64_t{256} << 20; // as large as a frame may be: not the peer's fault
  auto from = peer::pid{peer::atom{"n@h"}, 1, 0, 1};
  peer->says(peer::tagged("io_request", from, 77, peer::atom{"getopts"}));
  settle();
  CAF_CHECK(peer->channel.closed);
  peer->exits(1);
  settle();
  CAF_CHECK(peer::describe(exit_of_control()).find("asks and does not read") != std::string::npos);
}

CAF_TEST(a connection that comes about is a phase of the boot) {
  options.connection = peer::tcp{};
  start();
  peer->control->on_connected();
  peer->exits(1);
  settle();
  auto err = failure();
  CAF_CHECK(peer::failure_of(err)->at == peer::phase::connected);
  CAF_CHECK_EQUAL(to_string(peer::to_reason(err)), "{boot_failed,{exit_status,1}}");
}

CAF_TEST(a damaged frame fails all outstanding calls) {
  start_running();
  call("a", caf::infinite);
  peer->channel.lost = 1;
  peer->control->on_text(peer::detail::as_byte_span("rest of a frame\n"));
  settle();
  CAF_CHECK_EQUAL(failure(), peer::errc::protocol_violation);
  call("b");
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{call,1,m,b,[1]}");
}

CAF_TEST(stray messages are dropped) {
  start_running();
  caf::anon_send(caf::actor_cast<caf::actor>(control), std::string{"what?"}, 42);
  caf::anon_send(caf::actor_cast<caf::actor>(control), caf::make_error(caf::sec::runtime_error));
  settle();
  ask(peer::get_state_atom_v);
  CAF_CHECK(answer<peer::peer_status>().state == peer::peer_state::running);
}

CAF_TEST_FIXTURE_SCOPE_END()
