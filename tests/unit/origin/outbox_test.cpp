// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Casts and messages to a peer, and how many of them may wait.

#define CAF_SUITE peer.origin.outbox

#include "control_fixture.hpp"
#include "origin/outbox.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer::test;
using peer::atom;
using peer::errc;
using peer::term;
using peer::internal::origin::check_names;
using peer::internal::origin::outbox;

namespace {

struct fixture {
  static peer::byte_buffer encoded(const term& x) {
    auto result = peer::byte_buffer{};
    if (auto err = peer::save_term(result, x))
      CAF_FAIL(err);
    return result;
  }

  static peer::cast_request cast(std::size_t size = 0) {
    return {"m", "f", *peer::encode_arguments(std::string(size, 'x'))};
  }

  static peer::send_request message(term to, std::size_t size = 0) {
    return {std::move(to), encoded(std::string(size, 'x'))};
  }

  std::string last_sent() { return channel.sent.empty() ? "" : to_string(channel.sent.back()); }

  fake_channel channel;
  outbox out{1000};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(outbox_tests, fixture)

SCENARIO("messages wait for the name of the node") {
  GIVEN("a peer that boots") {
    WHEN("casts, messages to a name and messages to a pid are sent") {
      CHECK(!out.send(channel, message(atom{"printer"})));
      CHECK(!out.send(channel, message(peer::pid{atom{"n@h"}, 1, 0, 1})));
      CHECK(!out.send(channel, cast()));
      THEN("only the cast leaves") {
        CHECK_EQ(channel.sent.size(), 1u);
        CHECK_EQ(last_sent(), "{cast,m,f,[<<>>]}");
      }
    }
    WHEN("the node has a name") {
      out.open(channel, atom{"n@h"});
      THEN("the messages leave in their order, a name with its node") {
        REQUIRE_EQ(channel.sent.size(), 3u);
        CHECK_EQ(to_string(channel.sent[1]), "{message,{printer,n@h},<<>>}");
        CHECK_EQ(to_string(channel.sent[2]), "{message,#Pid<n@h.1.0>,<<>>}");
      }
    }
    WHEN("another message is sent") {
      CHECK(!out.send(channel, message(atom{"printer"}, 1)));
      THEN("it leaves at once") {
        CHECK_EQ(last_sent(), "{message,{printer,n@h},<<\"x\">>}");
      }
    }
  }
}

SCENARIO("what waits for a peer that does not read is bounded") {
  GIVEN("a peer that does not read") {
    out.open(channel, atom{"n@h"});
    channel.stop_reading();
    WHEN("one message is larger than the limit") {
      CHECK(!out.send(channel, cast(2000)));
      THEN("the next ones are refused and not sent") {
        CHECK_EQ(out.check_room(channel), errc::overload);
        CHECK_EQ(out.send(channel, cast()), errc::overload);
        CHECK_EQ(out.send(channel, message(atom{"printer"})), errc::overload);
        CHECK_EQ(channel.sent.size(), 1u);
      }
    }
    WHEN("the peer reads again") {
      channel.go_on_reading();
      THEN("there is room") {
        CHECK(!out.check_room(channel));
        CHECK(!out.send(channel, cast()));
      }
    }
  }
}

SCENARIO("messages that wait for the boot count as well") {
  GIVEN("a peer that boots and has a message as large as the limit") {
    CHECK(!out.send(channel, message(atom{"printer"}, 1000)));
    WHEN("more is sent") {
      THEN("it is refused") {
        CHECK_EQ(out.send(channel, cast()), errc::overload);
        CHECK_EQ(out.send(channel, message(atom{"printer"})), errc::overload);
      }
    }
    WHEN("the node has a name") {
      out.open(channel, atom{"n@h"});
      THEN("nothing waits any more") {
        CHECK(!out.check_room(channel));
      }
    }
  }
}

SCENARIO("a peer that asks and does not read violates the protocol") {
  GIVEN("answers that wait for the peer") {
    auto limit = 2 * std::uint64_t{1000} + peer::internal::wire::default_max_frame;
    channel.stop_reading();
    channel.sent_bytes = limit;
    WHEN("they have twice the limit and the size of a frame") {
      THEN("callers may have caused that") {
        CHECK(!out.check_that_it_reads(channel));
      }
    }
    WHEN("they have one byte more") {
      channel.sent_bytes = limit + 1;
      THEN("the peer has caused it") {
        CHECK_EQ(out.check_that_it_reads(channel), errc::protocol_violation);
      }
    }
  }
}

CAF_TEST(a call is cancelled at the node that has a name) {
  out.cancel(channel, 7);
  CHECK(channel.sent.empty());
  out.open(channel, atom{"n@h"});
  out.cancel(channel, 7);
  CHECK_EQ(last_sent(), "{message,{libpeer_calls,n@h},7}");
}

CAF_TEST(the receiver of a message is a pid or a name) {
  out.open(channel, atom{"n@h"});
  CHECK_EQ(out.send(channel, message("printer")), errc::bad_term);
  CHECK_EQ(out.send(channel, message(7)), errc::bad_term);
  CHECK(channel.sent.empty());
}

CAF_TEST(names of functions are valid atoms) {
  CHECK(!check_names("m", "f"));
  CHECK(!check_names(std::string(255, 'm'), ""));
  CHECK_EQ(check_names(std::string(256, 'm'), "f"), errc::bad_term);
  CHECK_EQ(check_names("m", "\xff"), errc::bad_term);
}

CAF_TEST_FIXTURE_SCOPE_END()
