// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Calls, casts and messages of a peer that runs.

#define CAF_SUITE peer.origin.control

#include "control_fixture.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer::test;
using namespace std::chrono_literals;

using peer::errc;

BEGIN_FIXTURE_SCOPE(control_fixture)

// -- calls ------------------------------------------------------------------------------------------------------------

SCENARIO("calls are sent and answered in any order") {
  GIVEN("two calls of a peer") {
    start_running();
    calls("a");
    calls("b");
    REQUIRE_EQ(peer->channel.sent.size(), 2u);
    CHECK_EQ(to_string(peer->channel.sent[0]), "{call,0,m,a,[1]}");
    CHECK_EQ(to_string(peer->channel.sent[1]), "{call,1,m,b,[1]}");
    CHECK(nothing_waits());
    WHEN("the second one is answered") {
      replies(1, "second");
      THEN("its caller gets the result") {
        CHECK_EQ(*answer<peer::encoded_term>().as<std::string>(), "second");
        CHECK(nothing_waits());
      }
    }
    WHEN("the first one is answered") {
      replies(0, 42);
      THEN("so does its caller, who may ask for another type") {
        auto first = answer<peer::encoded_term>();
        CHECK_EQ(*first.as<int>(), 42);
        CHECK_EQ(first.as<std::string>().error(), errc::type_mismatch);
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a call times out and its late answer is dropped") {
  GIVEN("two calls with different time-outs") {
    start_running();
    calls("slow", 1s);
    calls("slower", 2s);
    WHEN("the first time has passed") {
      advance_time(1s);
      settle();
      THEN("the caller of the first one gets an error that names it") {
        auto err = failure();
        CHECK_EQ(err, errc::timeout);
        CHECK(peer::describe(err).find("m:slow ") != std::string::npos);
        CHECK(nothing_waits());
      }
    }
    WHEN("it is answered") {
      replies(0, 1);
      THEN("nobody is sent the answer") {
        CHECK(nothing_waits());
      }
    }
    WHEN("the second time has passed") {
      advance_time(1s);
      settle();
      THEN("the caller of the second one gets an error, too") {
        expect((caf::error), from(control).to(self).with(errc::timeout));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a peer is told that nobody waits for a call any more") {
  GIVEN("a peer that boots") {
    start();
    WHEN("a call times out") {
      calls("early", 1s);
      advance_time(1s);
      settle();
      THEN("who would be told has no name yet") {
        expect((caf::error), from(control).to(self).with(errc::timeout));
        CHECK_EQ(peer->channel.sent.size(), 1u); // the call
      }
    }
    WHEN("it runs, and one of two calls times out") {
      peer->started();
      CHECK_EQ(answer<peer::peer_status>().node, peer::atom{"nonode@nohost"});
      calls("slow", 1s);
      calls("fast", 1s);
      replies(2, 1);
      answer<peer::encoded_term>();
      advance_time(1s);
      settle();
      THEN("it is told the number of that one") {
        expect((caf::error), from(control).to(self).with(errc::timeout));
        CHECK_EQ(peer->channel.sent.size(), 4u);
        CHECK_EQ(last_sent(), "{message,{libpeer_calls,nonode@nohost},1}");
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a damaged frame fails all outstanding calls") {
  GIVEN("a call of a peer") {
    start_running();
    calls("a", caf::infinite);
    WHEN("a frame of the peer was damaged") {
      peer->channel.lost = 1;
      peer->control->on_text(peer::detail::as_byte_span("rest of a frame\n"));
      follows();
      THEN("the call fails, since the frame may have held its answer") {
        settle(); // the text is output
        CHECK_EQ(failure(), errc::protocol_violation);
      }
    }
    WHEN("there is another call") {
      calls("b");
      THEN("it is made") {
        CHECK_EQ(last_sent(), "{call,1,m,b,[1]}");
      }
    }
  }
}

SCENARIO("no more calls wait for their answers than may") {
  GIVEN("as many calls as may wait") {
    options.max_calls = 2;
    start_running();
    calls("a");
    calls("b");
    auto sent = peer->channel.sent.size();
    WHEN("there is another one") {
      calls("c");
      THEN("it is refused and not sent") {
        auto refused = failure();
        CHECK_EQ(refused, errc::overload);
        CHECK(peer::describe(refused).find("2 calls wait for it (max_calls)") != std::string::npos);
        CHECK(peer::delivery_of(refused) == peer::delivery::not_delivered);
        CHECK_EQ(peer->channel.sent.size(), sent);
        CHECK(nothing_waits());
      }
    }
    WHEN("there is a cast") {
      sends(peer::cast_request{"m", "f", *peer::encode_arguments()});
      THEN("it is sent") {
        expect((void), from(control).to(self));
        CHECK_EQ(peer->channel.sent.size(), sent + 1);
      }
    }
    WHEN("one of them is answered") {
      replies(0, 1);
      expect((peer::encoded_term), from(control).to(self));
      THEN("there is room for another one") {
        calls("d");
        CHECK_EQ(peer->channel.sent.size(), sent + 2);
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("calls whose time has passed do not wait") {
  GIVEN("a call that has timed out, when one may wait") {
    options.max_calls = 1;
    start_running();
    calls("a", 1s);
    advance_time(1s);
    settle();
    expect((caf::error), from(control).to(self).with(errc::timeout));
    auto sent = peer->channel.sent.size();
    WHEN("there is another one") {
      calls("b");
      THEN("it is sent") {
        CHECK_EQ(peer->channel.sent.size(), sent + 1);
        CHECK(nothing_waits());
      }
    }
  }
}

// -- casts and messages -----------------------------------------------------------------------------------------------

SCENARIO("messages are sent to pids and names") {
  GIVEN("a peer that runs") {
    start_running();
    WHEN("it is sent a message") {
      auto content = peer::byte_buffer{};
      CHECK(!peer::save_term(content, 5));
      sends(peer::send_request{peer::atom{"printer"}, content});
      THEN("the name is one of its node, and the sender learns that it was sent") {
        CHECK_EQ(last_sent(), "{message,{printer,nonode@nohost},5}");
        expect((void), from(control).to(self));
      }
    }
    WHEN("it is sent a cast") {
      sends(peer::cast_request{"m", "f", *peer::encode_arguments()});
      THEN("so does the sender of a cast") {
        CHECK_EQ(last_sent(), "{cast,m,f,[]}");
        expect((void), from(control).to(self));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("who does not ask whether a cast was sent gets no error") {
  GIVEN("a peer that does not read, and for which nothing may wait") {
    options.queue_limit = 0;
    start_running();
    peer->channel.stop_reading();
    auto cast = peer::cast_request{"m", "f", *peer::encode_arguments()};
    inject((peer::cast_request), from(self).to(control).with(cast));
    CHECK_EQ(peer->channel.sent.size(), 1u);
    WHEN("casts and messages are sent without asking") {
      inject((peer::cast_request), from(self).to(control).with(cast));
      inject((peer::send_request),
             from(self).to(control).with(peer::send_request{peer::atom{"printer"}, *peer::encode_arguments()}));
      THEN("they are dropped") {
        CHECK(nothing_waits());
        CHECK_EQ(peer->channel.sent.size(), 1u);
      }
    }
  }
}

SCENARIO("messages reach the actors that were exposed and no others") {
  GIVEN("an actor that has a pid for the peer") {
    start_running();
    auto expose = [this] {
      inject((peer::expose_atom, caf::actor),
             from(self).to(control).with(peer::expose_atom_v, caf::actor_cast<caf::actor>(self)));
      return answer<peer::term>();
    };
    auto id = expose();
    CHECK_EQ(expose(), id);
    WHEN("the peer sends to that pid") {
      peer->says(peer::tagged("message", id, "hello"));
      THEN("the actor gets the content") {
        expect((peer::term), to(self).with(peer::term{"hello"}));
      }
    }
    WHEN("it sends an error, and a message with which actors are controlled") {
      auto says = [&](caf::message what) { peer->says(peer::tagged("message", id, unbox(peer::to_term(what)))); };
      says(caf::make_message(peer::fail(peer::errc::noproc, "x")));
      says(caf::make_message(7, peer::kill_atom_v));
      THEN("the actor gets terms, which have no effect on it") {
        expect((peer::term), to(self));
        expect((peer::term), to(self));
        CHECK(nothing_waits());
      }
    }
    WHEN("it sends values") {
      peer->says(peer::tagged("message", id, unbox(peer::to_term(caf::make_message(7, std::string{"x"})))));
      THEN("the actor gets them") {
        expect((std::int32_t, std::string), to(self).with(7, "x"));
      }
    }
    WHEN("the pid was invalidated") {
      inject((peer::unexpose_atom, caf::actor),
             from(self).to(control).with(peer::unexpose_atom_v, caf::actor_cast<caf::actor>(self)));
      peer->says(peer::tagged("message", id, "late"));
      THEN("the actor gets nothing, and a new one is another") {
        CHECK(nothing_waits());
        CHECK_NE(expose(), id);
      }
    }
    WHEN("it sends to another pid and to a name") {
      auto other = *id.get_if<peer::pid>();
      other.id += 1;
      peer->says(peer::tagged("message", other, "nobody"));
      peer->says(peer::tagged("message", peer::atom{"nobody"}, "nobody"));
      THEN("nobody gets anything, and the peer lives") {
        CHECK(nothing_waits());
        inject((peer::get_state_atom), from(self).to(control).with(peer::get_state_atom_v));
        CHECK(answer<peer::peer_status>().state == peer::peer_state::running);
      }
    }
  }
}

SCENARIO("stray messages are dropped") {
  GIVEN("a control actor whose peer runs") {
    start_running();
    WHEN("it is sent what it does not know") {
      inject((std::string, int), from(self).to(control).with("what?", 42));
      inject((caf::error), from(self).to(control).with(caf::make_error(caf::sec::runtime_error)));
      THEN("the sender gets nothing, and the peer lives") {
        CHECK(nothing_waits());
        inject((peer::get_state_atom), from(self).to(control).with(peer::get_state_atom_v));
        CHECK(answer<peer::peer_status>().state == peer::peer_state::running);
      }
    }
  }
}

// -- limits and answers that are not messages -------------------------------------------------------------------------

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

END_FIXTURE_SCOPE()
