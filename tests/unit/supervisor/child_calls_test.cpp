// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Calls to children, whatever becomes of them.

#define CAF_SUITE peer.supervisor.calls

#include "child_fixture.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer;
using namespace peer::test;
using namespace std::chrono_literals;

namespace {

struct fixture : child_fixture {
  /// A peer for whose start two calls may wait.
  static child_spec patient_peer() {
    auto result = peer_child("p");
    result.max_waiting = 2;
    return result;
  }

  /// A peer that was up, and is down.
  void make_peer_that_is_down() {
    make_running_peer(patient_peer());
    goes_down(1);
  }

  /// The peer is started again, and is up.
  void comes_up(std::uint64_t generation) {
    start_peer(generation);
    expect((child_notice), to(self).with(notice_of{"p", generation, notice_kind::ready}));
  }

  /// `self` calls the child, which waits for it if it is down.
  void calls(caf::timespan wait = caf::timespan{0}, std::optional<std::uint64_t> generation = {},
             const std::string& function = "f") {
    inject((patient_call), from(self).to(child).with(
                               patient_call{{"m", function, *encode_arguments(), caf::infinite}, wait, generation}));
  }

  /// The peer answers its call of that number.
  void replies(int number, int value) { peers["p"]->says(tagged("reply", number, atom{"ok"}, value)); }

  /// What the peer was sent last.
  std::string last_sent() { return to_string(peers["p"]->channel.sent.back()); }

  /// The result that `self` has got for a call.
  std::string result() {
    auto value = std::string{};
    self->receive([&](encoded_term& x) { value = to_string(*x.as<term>()); },
                  [&](caf::error& why) { value = caf::to_string(why); },
                  caf::after(0s) >> [] { CAF_FAIL("no answer"); });
    return value;
  }

  bool nothing_came() { return self->mailbox().empty(); }
};

cast_request a_cast() {
  return {"m", "f", *encode_arguments()};
}

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

// -- what is up -------------------------------------------------------------------------------------------------------

SCENARIO("a call reaches what is up") {
  GIVEN("a peer that is up") {
    make_running_peer(patient_peer());
    WHEN("it is called with a time to wait for it") {
      calls(5s);
      THEN("the actor of the child asks its control actor and passes the answer on") {
        expect((call_request), from(child).to(control));
        CHECK_EQ(last_sent(), "{call,0,m,f,[]}");
        replies(0, 7);
        expect((encoded_term), from(control).to(child));
        CHECK_EQ(result(), "7");
      }
    }
    WHEN("it is called without a time to wait for it, or as a control actor is") {
      THEN("its control actor gets the request as if from the caller, and answers it itself") {
        calls();
        expect((call_request), from(self).to(control));
        inject((call_request), from(self).to(child).with(call_request{"m", "f", *encode_arguments(), caf::infinite}));
        expect((call_request), from(self).to(control));
        replies(1, 8);
        CHECK_EQ(result(), "8");
        replies(2, 9);
        CHECK_EQ(result(), "9");
        CHECK(nothing_waits());
      }
    }
    WHEN("it is sent a cast") {
      inject((cast_request), from(self).to(child).with(a_cast()));
      THEN("the control actor gets that, too") {
        expect((cast_request), from(self).to(control));
        CHECK_EQ(last_sent(), "{cast,m,f,[]}");
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a call fails with the end of the generation that had it") {
  GIVEN("a call that a peer has, whose caller would wait for ever") {
    make_running_peer(patient_peer());
    calls(caf::infinite);
    expect((call_request), from(child).to(control));
    WHEN("the peer ends") {
      peer_exits(1);
      expect((caf::error), from(control).to(child).with(errc::exit_status));
      THEN("the caller gets its end") {
        expect((caf::error), from(child).to(self).with(errc::exit_status));
        expect((caf::down_msg), from(control).to(child));
        expect((child_notice), to(self).with(notice_of{"p", 1, notice_kind::exited, errc::exit_status}));
      }
    }
    WHEN("the peer is started again") {
      auto old = peers["p"];
      comes_up(2);
      THEN("the call is not made again") {
        CHECK(peers["p"] != old);
        CHECK(peers["p"]->channel.sent.empty());
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("an actor receives the content of messages") {
  GIVEN("an actor that is up") {
    auto heard = std::vector<term>{};
    auto what = child_spec{.id = "a"};
    what.start = actor_factory{[&](const child_context&) -> caf::expected<caf::actor> {
      return actors["a"] = sys.spawn<caf::lazy_init>(
                 [&heard]() -> caf::behavior { return {[&heard](const term& x) { heard.push_back(x); }}; });
    }};
    make_running(what);
    WHEN("a message is sent to some name") {
      auto content = byte_buffer{};
      CHECK(!save_term(content, 5));
      inject((send_request), from(self).to(child).with(send_request{atom{"whoever"}, content}));
      THEN("the actor gets it") {
        expect((term), to(actors["a"]).with(term{5}));
        CHECK_EQ(heard, std::vector<term>{term{5}});
        CHECK(nothing_waits());
      }
    }
  }
}

// -- what is down -----------------------------------------------------------------------------------------------------

SCENARIO("requests to a child that is down fail at once") {
  GIVEN("a peer that is down") {
    make_peer_that_is_down();
    WHEN("it is called") {
      THEN("the answer is an error, also to a caller that has no time to wait") {
        calls();
        expect((caf::error), from(child).to(self).with(errc::noconnection));
        inject((call_request), from(self).to(child).with(call_request{"m", "f", *encode_arguments(), caf::infinite}));
        expect((caf::error), from(child).to(self).with(errc::noconnection));
        sends(child, a_cast());
        expect((caf::error), from(child).to(self).with(errc::noconnection));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("what nobody waits for is dropped while a child is down") {
  GIVEN("a peer that is down") {
    make_peer_that_is_down();
    WHEN("it is sent a cast and a message") {
      inject((cast_request), from(self).to(child).with(a_cast()));
      inject((send_request), from(self).to(child).with(send_request{atom{"printer"}, *encode_arguments()}));
      THEN("there is no error") {
        CHECK(nothing_waits());
      }
    }
    WHEN("it is up again") {
      comes_up(2);
      THEN("it does not get them, but it does get the next one") {
        CHECK(nothing_waits());
        inject((cast_request), from(self).to(child).with(a_cast()));
        expect((cast_request), from(self).to(control));
        CHECK_EQ(peers["p"]->channel.sent.size(), 1u);
        CHECK_EQ(last_sent(), "{cast,m,f,[]}");
      }
    }
  }
}

SCENARIO("a child that is not ready is down") {
  GIVEN("an actor that has started and not said that it is ready") {
    auto what = actor("a");
    what.ready = says_ready{};
    make(what);
    order_start(1);
    expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::started}));
    WHEN("it is called") {
      calls();
      THEN("the call fails") {
        expect((caf::error), from(child).to(self).with(errc::noconnection));
      }
    }
    WHEN("it is called with a time to wait for it") {
      calls(5s);
      THEN("the call waits until the actor is ready") {
        disallow((call_request), to(actors["a"]));
        inject((ready_atom, std::uint64_t), from(self).to(child).with(ready_atom_v, std::uint64_t{1}));
        expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::ready}));
        expect((call_request), from(child).to(actors["a"]));
        expect((encoded_term), from(actors["a"]).to(child));
        CHECK_EQ(result(), "1");
      }
    }
  }
}

// -- patient calls ----------------------------------------------------------------------------------------------------

SCENARIO("patient calls wait in their order") {
  GIVEN("as many calls as may wait for a peer that is down") {
    make_peer_that_is_down();
    calls(5s, {}, "first");
    calls(caf::infinite, {}, "second");
    CHECK(nothing_waits());
    WHEN("there is another one") {
      calls(5s);
      THEN("it is refused") {
        expect((caf::error), from(child).to(self).with(errc::overload));
      }
    }
    WHEN("the peer is up") {
      comes_up(2);
      THEN("both are passed on in their order") {
        expect((call_request), from(child).to(control));
        CHECK_EQ(last_sent(), "{call,0,m,first,[]}");
        expect((call_request), from(child).to(control));
        CHECK_EQ(last_sent(), "{call,1,m,second,[]}");
      }
    }
    WHEN("it answers them in another order") {
      replies(1, 20);
      replies(0, 10);
      THEN("each answer finds its call") {
        expect((encoded_term), from(control).to(child));
        CHECK_EQ(result(), "20");
        expect((encoded_term), from(control).to(child));
        CHECK_EQ(result(), "10");
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a patient call does not wait longer than it wants") {
  GIVEN("a call that waits 5 seconds for a peer that is down") {
    make_peer_that_is_down();
    calls(5s);
    WHEN("less has passed") {
      advance_time(5s - 1ns);
      THEN("it waits") {
        CHECK(nothing_waits());
      }
    }
    WHEN("they have passed") {
      advance_time(1ns);
      THEN("it fails") {
        expect((caf::action), to(child));
        expect((caf::error), from(child).to(self).with(errc::noconnection));
      }
    }
    WHEN("the peer is up") {
      comes_up(2);
      THEN("it is not made") {
        CHECK(nothing_waits());
        CHECK(peers["p"]->channel.sent.empty());
      }
    }
  }
}

SCENARIO("calls that wait fail when the child is gone for good") {
  GIVEN("a call that waits for ever for a peer that is down") {
    make_peer_that_is_down();
    calls(caf::infinite);
    CHECK(nothing_waits());
    WHEN("the spec of the child is deleted") {
      inject((internal::base::forget_atom), from(self).to(child).with(internal::base::forget_atom_v));
      THEN("the call fails") {
        expect((caf::error), from(child).to(self).with(errc::noproc));
        CHECK(nothing_waits());
      }
    }
  }
}

// -- calls for one generation -----------------------------------------------------------------------------------------

SCENARIO("a call for one generation is answered by no other") {
  GIVEN("a peer in its first generation") {
    make_running_peer(patient_peer());
    WHEN("that generation is called") {
      calls(5s, 1);
      THEN("it answers") {
        expect((call_request), from(child).to(control));
        replies(0, 7);
        expect((encoded_term), from(control).to(child));
        CHECK_EQ(result(), "7");
      }
    }
    WHEN("another one is called") {
      calls(5s, 2);
      THEN("the call fails at once") {
        expect((caf::error), from(child).to(self).with(errc::noproc));
      }
    }
    WHEN("its end is known") {
      goes_down(1);
      THEN("a call for it fails, although it would wait") {
        calls(5s, 1);
        expect((caf::error), from(child).to(self).with(errc::noproc));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a call for one generation fails as soon as that is over") {
  GIVEN("a call that waits for ever for a generation that boots") {
    make_peer_that_is_down();
    order_boot(2);
    calls(caf::infinite, 2);
    CHECK(nothing_waits());
    WHEN("the peer ends in its boot") {
      peer_exits(1);
      expect((caf::error), from(control).to(child).with(errc::boot_failed));
      CHECK(nothing_came());
      expect((caf::down_msg), from(control).to(child));
      THEN("the call fails before the supervisor learns of the end") {
        expect((caf::error), from(child).to(self).with(errc::noproc));
        expect((child_notice), to(self).with(notice_of{"p", 2, notice_kind::start_failed, errc::boot_failed}));
        CHECK(nothing_waits());
      }
    }
  }
}

END_FIXTURE_SCOPE()
