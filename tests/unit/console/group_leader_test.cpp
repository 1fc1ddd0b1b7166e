// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.console.group_leader

#include "console/group_leader.hpp"
#include "peer/convert.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "tests/support/error_text.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

#include <string>
#include <tuple>
#include <utility>
#include <vector>

using namespace std::literals;

using peer::stream;
using peer::term;
using peer::internal::console::evaluated;
using peer::internal::console::group_leader;
using peer::internal::console::sink;

namespace {

/// A sink that takes its time.
class slow_sink final : public sink {
public:
  void write(stream, std::string_view text, done written) override {
    output += text;
    unwritten.push_back(std::move(written));
  }

  /// Reports that all output has been written, or not.
  void catch_up(const caf::error& failed = {}) {
    for (auto& each : std::exchange(unwritten, {}))
      each(failed);
  }

  std::string output;
  std::vector<done> unwritten;
};

/// A group leader between a slow sink and a connection that the test plays. Terms are Erlang text.
struct fixture : private group_leader::owner {
  fixture() {
    auto output = [this](const auto&, const std::string& peer_name) {
      name = peer_name;
      return caf::expected<peer::internal::console::sink_ptr>{target};
    };
    REQUIRE_EQ(leader.open(output, peer::no_input(), "worker", nullptr), std::optional{caf::error{}});
  }

  static peer::byte_buffer encode(std::string_view text) {
    auto result = peer::byte_buffer{};
    REQUIRE_EQ(peer::save_term(result, unbox(peer::parse_term(text))), caf::error{});
    return result;
  }

  /// Sends a request whose reference is `1`.
  caf::error ask(std::string_view request) {
    auto [from, reply_as, content] = std::tuple{encode("self"), encode("1"), encode(request)};
    return leader.serve({from, reply_as, content});
  }

  group_leader::owner& owner() { return *this; }

  void print(std::size_t size) { leader.text(stream::standard_output, bytes_of(std::string(size, 'x'))); }

  static peer::byte_buffer bytes_of(std::string_view text) {
    auto bytes = reinterpret_cast<const std::byte*>(text.data());
    return {bytes, bytes + text.size()};
  }

  /// The answers that have been sent since the last call, as `From ReplyAs Answer`.
  std::vector<std::string> sent() { return std::exchange(replies, {}); }

  /// What the peer was ordered since the last call: to pause (true) and to go on (false).
  std::vector<bool> orders() { return std::exchange(pauses, {}); }

  void attach() {
    leader.attach([this](bool paused) { pauses.push_back(paused); });
  }

  std::shared_ptr<slow_sink> target = std::make_shared<slow_sink>();
  std::string name;
  std::vector<evaluated> calls;
  std::vector<std::string> replies;
  std::vector<bool> pauses;
  std::optional<caf::error> opened;
  std::vector<std::string> failures;
  int ready = 0;
  group_leader leader{*this};

private:
  void evaluate(const peer::atom&, const peer::atom&, const term&, evaluated then) override {
    calls.push_back(std::move(then));
  }

  void on_io_reply(const peer::internal::wire::io_reply& x) override {
    replies.push_back(text_of(x.from) + " " + text_of(x.reply_as) + " " + text_of(x.reply));
  }

  void on_opened(caf::error failed) override { opened = std::move(failed); }

  void on_output_failed(const caf::error& why, bool first) override {
    failures.push_back((first ? "first: " : "") + peer::test::error_text(why));
  }

  void on_ready() override { ++ready; }

  static std::string text_of(peer::const_byte_span encoded) { return to_string(unbox(peer::load_term<term>(encoded))); }
};

using answers = std::vector<std::string>;
using flags = std::vector<bool>;

constexpr auto full = peer::defaults::output_high_water - peer::defaults::output_overhead;

} // namespace

/// A sink that takes its time to open.
class closed_sink final : public sink {
public:
  void open(done then) override { opened = std::move(then); }

  void write(stream, std::string_view, done written) override { written({}); }

  done opened;
};

BEGIN_FIXTURE_SCOPE(fixture)

SCENARIO("a sink may take its time to open") {
  GIVEN("a group leader whose sink is being opened") {
    auto slow = std::make_shared<closed_sink>();
    auto output = [&](const auto&, const std::string&) {
      return caf::expected<peer::internal::console::sink_ptr>{slow};
    };
    auto later = group_leader{owner()};
    CHECK_EQ(later.open(output, peer::no_input(), "worker", nullptr), std::nullopt);
    CHECK_EQ(opened, std::nullopt);
    WHEN("that fails") {
      slow->opened(peer::fail(peer::errc::system_failure, "no such file"));
      THEN("the owner gets the error") {
        CHECK_EQ(opened, std::optional{peer::fail(peer::errc::system_failure, "no such file")});
      }
    }
    WHEN("the peer has ended before") {
      opened = std::nullopt;
      later.finish();
      slow->opened({});
      THEN("nothing is reported") {
        CHECK_EQ(opened, std::nullopt);
      }
    }
  }
}

SCENARIO("output that cannot be written is reported") {
  GIVEN("a peer whose sink fails") {
    for (auto i = 0; i < 3; ++i) {
      print(1);
      target->catch_up(i == 0 ? caf::error{} : peer::fail(peer::errc::system_failure, "disk full"));
    }
    THEN("each failure is counted, and the first one is among the last words") {
      CHECK_EQ(failures, (std::vector{"first: disk full"s, "disk full"s}));
      CHECK_EQ(leader.take_last_words(), std::vector{"libpeer: disk full"s});
    }
  }
}

SCENARIO("a peer pauses while the sink is behind") {
  GIVEN("a peer whose output the sink does not write") {
    attach();
    CHECK_EQ(name, "worker");
    WHEN("it prints as much as may wait") {
      print(full);
      THEN("it goes on") {
        CHECK_EQ(orders(), flags{});
      }
    }
    WHEN("it prints more") {
      print(1);
      print(1);
      THEN("it is paused, once") {
        CHECK_EQ(orders(), flags{true});
      }
    }
    WHEN("the sink has caught up") {
      target->catch_up();
      THEN("it goes on") {
        CHECK_EQ(orders(), flags{false});
      }
    }
  }
}

SCENARIO("a peer that is suspended pauses whatever the sink does") {
  GIVEN("a peer that is suspended while the sink is behind") {
    attach();
    leader.suspend(true);
    CHECK_EQ(orders(), flags{true});
    print(full + 1);
    CHECK_EQ(orders(), flags{});
    WHEN("the sink catches up") {
      target->catch_up();
      THEN("it stays paused") {
        CHECK_EQ(orders(), flags{});
      }
    }
    WHEN("it is resumed") {
      leader.suspend(false);
      THEN("it goes on") {
        CHECK_EQ(orders(), flags{false});
      }
    }
  }
  GIVEN("a peer that is suspended and a sink that falls behind") {
    leader.suspend(true);
    print(full + 1);
    orders();
    WHEN("it is resumed") {
      leader.suspend(false);
      THEN("it stays paused until the sink has caught up") {
        CHECK_EQ(orders(), flags{});
        target->catch_up();
        CHECK_EQ(orders(), flags{false});
      }
    }
  }
}

SCENARIO("requests that wait have a bound in bytes") {
  GIVEN("a peer whose output is not written and who has sent large requests") {
    auto text = std::string(peer::defaults::max_io_bytes, 'x');
    auto large = peer::byte_buffer{};
    REQUIRE_EQ(peer::save_term(large, peer::tagged("put_chars", peer::atom{"unicode"}, text)), caf::error{});
    auto [from, reply_as] = std::pair{encode("self"), encode("2")};
    CHECK_EQ(leader.serve({from, reply_as, large}), caf::error{});
    CHECK_EQ(sent(), answers{});
    WHEN("it sends another one") {
      CHECK_EQ(ask("{put_chars,unicode,\"y\"}"), caf::error{});
      THEN("that is refused, and nothing else") {
        CHECK_EQ(sent(), answers{"self 1 {error,overload}"});
      }
    }
    WHEN("the large one has been written") {
      target->catch_up();
      CHECK_EQ(sent(), answers{"self 2 ok"});
      THEN("others are served again") {
        CHECK_EQ(ask("{put_chars,unicode,\"z\"}"), caf::error{});
        target->catch_up();
        CHECK_EQ(sent(), answers{"self 1 ok"});
      }
    }
  }
}

SCENARIO("only a peer that lives is paused") {
  GIVEN("a peer that has not been started") {
    WHEN("the sink is behind") {
      print(full + 1);
      THEN("nothing is paused") {
        CHECK_EQ(orders(), flags{});
      }
    }
  }
  GIVEN("a peer that has ended") {
    target->catch_up();
    attach();
    leader.finish();
    WHEN("the sink is behind") {
      print(full + 1);
      target->catch_up();
      THEN("nothing is paused") {
        CHECK_EQ(orders(), flags{});
      }
    }
  }
}

SCENARIO("requests are answered to the process that sent them") {
  GIVEN("a peer") {
    WHEN("it prints by the protocol") {
      CHECK_EQ(ask("{put_chars, unicode, \"one\"}"), caf::error{});
      CHECK_EQ(sent(), answers{});
      target->catch_up();
      THEN("the answer comes when the text has been written") {
        CHECK_EQ(target->output, "one");
        CHECK_EQ(sent(), answers{"self 1 ok"});
      }
    }
    WHEN("it sends a request that is not known or cannot be decoded") {
      CHECK_EQ(ask("nonsense"), caf::error{});
      auto from = encode("self");
      CHECK_EQ(leader.serve({from, from, {}}), caf::error{});
      THEN("it gets an error") {
        CHECK_EQ(sent(), (answers{"self 1 {error,request}", "self self {error,request}"}));
      }
    }
    WHEN("it is ready") {
      CHECK_EQ(ask("ready"), caf::error{});
      THEN("the owner gets to know") {
        CHECK_EQ(ready, 1);
        CHECK_EQ(sent(), answers{"self 1 ok"});
      }
    }
    WHEN("a call that a request needs is dropped") {
      CHECK_EQ(ask("{put_chars, unicode, m, f, []}"), caf::error{});
      REQUIRE_EQ(calls.size(), 1u);
      calls.clear();
      THEN("the request does not wait for ever") {
        CHECK_EQ(sent(), answers{"self 1 {error,terminated}"});
      }
    }
    WHEN("it ends before its request is answered") {
      CHECK_EQ(ask("{put_chars, unicode, \"two\"}"), caf::error{});
      leader.finish();
      target->catch_up();
      THEN("nothing is sent") {
        CHECK_EQ(sent(), answers{});
      }
    }
  }
}

SCENARIO("the number of requests is bounded") {
  GIVEN("a peer with as many requests as may wait") {
    auto [from, reply_as, content] = std::tuple{encode("self"), encode("1"), encode("{put_chars, unicode, m, f, []}")};
    for (auto i = std::size_t{0}; i < peer::defaults::max_io_requests; ++i)
      if (auto err = leader.serve({from, reply_as, content}))
        FAIL("request " << i << ": " << err);
    WHEN("it sends one more") {
      auto err = ask("getopts");
      THEN("it has violated the protocol") {
        CHECK_EQ(err, peer::errc::protocol_violation);
      }
    }
    WHEN("one has been answered") {
      calls.front()(term{"x"});
      target->catch_up();
      CHECK_EQ(sent(), answers{"self 1 ok"});
      THEN("there is room again") {
        CHECK_EQ(ask("getopts"), caf::error{});
        CHECK_EQ(sent().size(), 1u);
      }
    }
  }
}

SCENARIO("the last lines on standard error are remembered") {
  GIVEN("a peer that prints to both streams") {
    leader.text(stream::standard_output, bytes_of("out\n"));
    leader.text(stream::standard_error, bytes_of("one\ntwo"));
    THEN("those on standard error are its last words") {
      CHECK_EQ(leader.take_last_words(), (answers{"one", "two"}));
      CHECK_EQ(leader.take_last_words(), answers{});
    }
  }
}

END_FIXTURE_SCOPE()
