// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Calls into a peer: each is answered once, whatever happens.

#define CAF_SUITE peer.origin.calls

#include "control_fixture.hpp"
#include "origin/calls.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer::test;
using namespace std::chrono_literals;

using peer::delivery;
using peer::encoded_term;
using peer::errc;
using peer::internal::origin::calls;
using peer::internal::origin::metrics;
using peer::internal::origin::pending_call;
namespace wire = peer::internal::wire;

namespace {

const auto start = calls::time_point{} + 1h;

struct fixture : test_coordinator_fixture<> {
  fixture() {
    front = sys.spawn([this](caf::event_based_actor* me) -> caf::behavior {
      return {[this, me](const std::string& function, caf::timespan timeout) {
        auto caller = me->make_response_promise<encoded_term>();
        table.send(channel, {peer::atom{"m"}, peer::atom{function}, caller, meter}, *peer::encode_arguments(), start,
                   timeout);
        return caller;
      }};
    });
  }

  ~fixture() {
    caf::anon_send_exit(front, caf::exit_reason::kill);
    run();
    meter.leave();
  }

  /// `self` calls a function in the peer.
  void call(const std::string& function, caf::timespan timeout = caf::infinite) {
    self->send(front, function, timeout);
    expect((std::string, caf::timespan), from(self).to(front).with(function, timeout));
  }

  void reply(std::uint64_t seq, const peer::term& value) {
    auto bytes = peer::byte_buffer{};
    if (auto err = peer::save_term(bytes, value))
      CAF_FAIL(err);
    table.answer(wire::reply{seq, wire::reply_class::ok, bytes}, start);
  }

  /// The error that `self` has got for a call.
  caf::error failure() {
    auto result = caf::error{};
    self->receive([&](caf::error& err) { result = std::move(err); },
                  caf::after(std::chrono::seconds{0}) >> [] { CAF_FAIL("no answer"); });
    return result;
  }

  std::string answer() {
    auto result = std::string{};
    self->receive([&](encoded_term& x) { result = to_string(*x.as<peer::term>()); },
                  caf::after(std::chrono::seconds{0}) >> [] { CAF_FAIL("no answer"); });
    return result;
  }

  /// This library calls a function for itself; `own_result` gets the answer.
  void call_own(peer::const_byte_span arguments) {
    table.send(channel, {peer::atom{"m"}, peer::atom{"own"}, [this](caf::expected<peer::term> x) { own_result = x; }},
               arguments, start, caf::infinite);
  }

  bool nothing_came() { return self->mailbox().empty(); }

  fake_channel channel;
  metrics meter{sys};
  calls table{2};
  caf::actor front;
  std::optional<caf::expected<peer::term>> own_result;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(calls_tests, fixture)

SCENARIO("answers find their calls") {
  GIVEN("two calls") {
    call("a");
    call("b");
    CHECK_EQ(to_string(channel.sent.at(0)), "{call,0,m,a,[]}");
    CHECK_EQ(to_string(channel.sent.at(1)), "{call,1,m,b,[]}");
    WHEN("the second one is answered") {
      reply(1, 20);
      THEN("its caller gets the result") {
        CHECK_EQ(answer(), "20");
        CHECK(nothing_came());
      }
    }
    WHEN("it is answered again, and a call that was never made") {
      reply(1, 21);
      reply(7, 22);
      THEN("these answers are dropped") {
        CHECK(nothing_came());
      }
    }
    WHEN("the answer to the first one cannot be decoded") {
      table.fail(0, caf::make_error(errc::bad_term, std::string{"no term"}));
      THEN("its caller gets the error") {
        CHECK_EQ(failure(), errc::bad_term);
      }
    }
  }
}

SCENARIO("a limited number of calls wait for their answers") {
  GIVEN("as many calls as may wait") {
    call("a");
    call("b");
    WHEN("there is no room") {
      THEN("the error gives their number") {
        auto refused = table.check_room();
        CHECK_EQ(refused, errc::overload);
        CHECK(peer::describe(refused).find("2 calls wait") != std::string::npos);
      }
    }
    WHEN("one is answered") {
      reply(0, 1);
      THEN("there is room") {
        CHECK(!table.check_room());
      }
    }
    WHEN("this library calls a function for itself") {
      call_own(*peer::encode_arguments());
      THEN("that takes no room of others") {
        CHECK(!table.check_room());
        reply(2, 5);
        REQUIRE(own_result.has_value());
        CHECK_EQ(**own_result, peer::term{5});
        CHECK(!table.check_room());
      }
    }
  }
}

SCENARIO("calls time out") {
  GIVEN("a call with a time-out and one without") {
    call("slow", 5s);
    call("patient");
    WHEN("the time has not passed") {
      THEN("no call has ended") {
        CHECK(table.next_check() == start + 5s);
        CHECK(table.expire(start + 4s).empty());
        CHECK(nothing_came());
      }
    }
    WHEN("the time has passed") {
      auto expired = table.expire(start + 5s);
      THEN("the caller gets the error and the owner the number") {
        CHECK_EQ(expired, std::vector<std::uint64_t>{0});
        auto err = failure();
        CHECK_EQ(err, errc::timeout);
        CHECK(peer::describe(err).find("m:slow") != std::string::npos);
        CHECK(table.next_check() == calls::time_point::max());
      }
    }
    WHEN("the answer comes late") {
      reply(0, 1);
      THEN("it is dropped") {
        CHECK(nothing_came());
      }
    }
  }
}

SCENARIO("a damaged frame may have held any answer") {
  GIVEN("two calls") {
    call("a");
    call("b");
    WHEN("no frame was damaged") {
      THEN("they go on") {
        CHECK(!table.check_lost_frames(channel));
      }
    }
    WHEN("a frame was damaged") {
      channel.lost = 1;
      CHECK(table.check_lost_frames(channel));
      CHECK(!table.check_lost_frames(channel)); // noticed once
      reply(0, 1);
      THEN("both fail when the owner says so, and only then") {
        CHECK(nothing_came());
        table.fail_doubtful();
        CHECK_EQ(failure(), errc::protocol_violation);
        CHECK_EQ(failure(), errc::protocol_violation);
        CHECK(!table.check_room());
      }
    }
  }
}

SCENARIO("the end of the peer answers all calls") {
  GIVEN("a call that the peer has read and one that it has not") {
    call("read");
    channel.stop_reading();
    call("unread");
    WHEN("the peer ends") {
      table.fail_all(caf::make_error(errc::exit_status, peer::failure{}), &channel);
      THEN("the errors tell which call can have run") {
        CHECK(peer::delivery_of(failure()) == delivery::unanswered);
        CHECK(peer::delivery_of(failure()) == delivery::not_delivered);
        CHECK(nothing_came());
      }
    }
  }
}

CAF_TEST(a call that is too large for a frame is refused) {
  call_own(peer::byte_buffer(peer::internal::wire::default_max_frame + 1));
  REQUIRE(own_result.has_value());
  CHECK_EQ(own_result->error(), errc::bad_term);
  CHECK(channel.sent.empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
