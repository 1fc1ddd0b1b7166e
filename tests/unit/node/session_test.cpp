// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// A node's side of the conversation, with an origin that asks for more than the node may keep, or does not read.

#define CAF_SUITE peer.node.session

#include "loop_fixture.hpp"
#include "node/session.hpp"
#include "peer/control_actor.hpp"
#include "peer/convert.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "process/descriptor.hpp"
#include "tests/support/look_until.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <atomic>
#include <future>
#include <map>
#include <string>
#include <vector>

#include <unistd.h>

using namespace std::literals;

using peer::atom;
using peer::term;
using peer::test::look_until;

namespace {

constexpr auto large = std::size_t{1} << 20;

constexpr auto limits = peer::internal::node::load_limits{.jobs = 30, .bytes = 4 * large};

/// Collects the answers by the numbers of their calls.
struct answers : peer::internal::wire::framing::sink {
  void on_frame(peer::const_byte_span payload) override {
    auto message = peer::load_term<term>(payload.subspan(1));
    CAF_REQUIRE(message);
    auto& elements = *message->get_if<peer::erl::tuple>();
    if (elements[0] == term{atom{"reply"}})
      by_seq.emplace(*elements[1].get_if<std::int64_t>(), term{peer::erl::tuple{elements[2], elements[3]}});
  }

  void on_text(peer::const_byte_span) override {}

  std::map<std::int64_t, term> by_seq;
};

struct used_by_functions {
  std::atomic<int> begun = 0;
  std::promise<void> open;
  std::shared_future<void> opened{open.get_future()};
  bool is_open = false;
  std::atomic<bool> told_to_stop = false;
  std::atomic<bool> asked_to_stop = false;
  std::atomic<bool> ended = false;
  caf::error end_reason;
};

struct fixture : peer::test::loop_fixture<used_by_functions> {
  fixture() {
    auto state = std::make_shared<peer::internal::node::node_state>(atom{"nonode@nohost"});
    add(
        "run", [this] { ++begun; }, *state);
    add(
        "large", [this] { return ++begun, std::string(large, 'x'); }, *state);
    add(
        "wait", [this] { opened.wait(); }, *state);
    add(
        "patient",
        [this](std::stop_token stop) {
          look_until([&] { return stop.stop_requested(); });
          told_to_stop = stop.stop_requested();
        },
        *state);
    state->functions.add("init", "stop", 0,
                         peer::detail::maker_of<std::function<void()>>::make([this] { asked_to_stop = true; }));
    auto pair = peer::internal::process::make_socket_pair("the test");
    CAF_REQUIRE(pair);
    far_end = std::move(pair->second);
    on_loop([&] {
      session = std::make_shared<peer::internal::node::session>(where, limits, state, [this](caf::error why) {
        end_reason = std::move(why);
        ended = true;
      });
      session->start({std::move(pair->first), {}, peer::internal::wire::make_packet_framing(), std::nullopt, {}});
    });
  }

  ~fixture() {
    if (!std::exchange(is_open, true))
      open.set_value();
    on_loop([this] { session.reset(); });
  }

  template <class F>
  static void add(std::string_view name, F f, peer::internal::node::node_state& state) {
    using maker = peer::detail::maker_of<F>;
    state.functions.add("m", name, maker::arity, maker::make(std::move(f)));
  }

  template <class Message>
  void say(const Message& message) {
    auto out = peer::byte_buffer{};
    auto token = framing->begin_frame(out);
    peer::internal::wire::write(out, message);
    CAF_REQUIRE(!framing->end_frame(out, token));
    for (auto rest = peer::const_byte_span{out}; !rest.empty();) {
      auto count = write(far_end.get(), rest.data(), rest.size());
      CAF_REQUIRE(count > 0);
      rest = rest.subspan(static_cast<std::size_t>(count));
    }
  }

  std::int64_t call(std::string_view function, const peer::byte_buffer& arguments = *peer::encode_arguments()) {
    say(peer::internal::wire::call{static_cast<std::uint64_t>(++last_call), "m", function, arguments});
    return last_call;
  }

  void cast(std::string_view module, std::string_view function) {
    auto none = *peer::encode_arguments();
    say(peer::internal::wire::cast{module, function, none});
  }

  /// Reads until the answer to that call has come.
  std::string answer(std::int64_t seq) {
    while (!received.by_seq.contains(seq)) {
      char bytes[65536];
      auto count = read(far_end.get(), bytes, sizeof(bytes));
      if (count <= 0)
        return "end of stream";
      CAF_REQUIRE(!framing->consume(std::as_bytes(std::span{bytes, static_cast<std::size_t>(count)}), received));
    }
    auto result = to_string(received.by_seq.at(seq));
    return result.size() > 100 ? std::to_string(result.size()) : result;
  }

  /// Calls what does not end before `let_go`, as often as functions can run at the same time.
  void occupy_all_threads() {
    for (auto i = std::size_t{0}; i < peer::defaults::max_workers; ++i)
      cast("m", "wait");
  }

  void let_go() {
    is_open = true;
    open.set_value();
  }

  /// Calls for more than may wait for an origin that does not read. Returns the last call, after the loop has had the
  /// time to run all of it.
  std::int64_t ask_for_too_much() {
    for (auto i = 0; i < too_much; ++i)
      call("large");
    CAF_CHECK(look_until([this] { return refuses_messages(); }));
    for (auto i = 0; i < 10 * too_much; ++i)
      on_loop([] {});
    return last_call;
  }

  /// Whether too much waits for the origin.
  bool refuses_messages() {
    auto content = *peer::encode_arguments();
    return result_on_loop([&] { return session->send(content, content); }) == peer::errc::overload;
  }

  /// Whether functions have not begun since too much waits. How many run before that depends on the machine.
  bool held() const { return begun < too_much; }

  static constexpr auto too_much = 20;

  std::shared_ptr<peer::internal::node::session> session;
  peer::internal::process::descriptor far_end;
  peer::internal::wire::framing_ptr framing = peer::internal::wire::make_packet_framing();
  answers received;
  std::int64_t last_call = 0;
};

constexpr auto system_limit = "{error,{system_limit,[]}}";

} // namespace

CAF_TEST_FIXTURE_SCOPE(session_tests, fixture)

CAF_TEST(a call that can neither run nor wait ends with system_limit) {
  occupy_all_threads();
  for (auto i = std::size_t{0}; i < limits.jobs; ++i)
    call("run");
  auto last = last_call;
  CAF_CHECK_EQUAL(answer(call("run")), system_limit);
  CAF_CHECK(answer(call("nothing")).starts_with("{error,{undef,")); // which may be a heartbeat
  cast("m", "run");
  CAF_CHECK_EQUAL(answer(call("run")), system_limit);
  let_go();
  CAF_CHECK_EQUAL(answer(last), "{ok,ok}");
  CAF_CHECK_EQUAL(static_cast<std::size_t>(begun.load()), limits.jobs);
  CAF_CHECK_EQUAL(answer(call("run")), "{ok,ok}");
}

CAF_TEST(arguments that wait have a limit) {
  occupy_all_threads();
  auto big = *peer::encode_arguments(std::string(large, 'x'));
  for (auto waiting = std::size_t{0}; waiting <= limits.bytes; waiting += big.size())
    say(peer::internal::wire::cast{"lists", "reverse", big});
  CAF_CHECK_EQUAL(answer(call("run")), system_limit);
  let_go();
  auto ran = [this] { return answer(call("run")) == "{ok,ok}"; };
  CAF_CHECK(look_until(ran));
}

CAF_TEST(no function begins while the origin does not read) {
  auto last = ask_for_too_much();
  CAF_CHECK(held());
  for (auto seq = std::int64_t{1}; seq <= last; ++seq)
    CAF_CHECK(answer(seq) != system_limit);
  CAF_CHECK_EQUAL(begun.load(), too_much);
}

CAF_TEST(a node whose origin does not read can be stopped) {
  ask_for_too_much();
  cast("init", "stop");
  CAF_CHECK(look_until([this] { return asked_to_stop.load(); }));
  auto idle = std::atomic<bool>{false};
  on_loop([&] { session->stop([&] { idle = true; }); });
  CAF_CHECK(look_until([&] { return idle.load(); }));
  CAF_CHECK(held());
}

CAF_TEST(a call can be cancelled while the origin does not read) {
  auto patient = call("patient");
  ask_for_too_much();
  auto to = peer::byte_buffer{};
  auto seq = peer::byte_buffer{};
  CAF_REQUIRE(
      !peer::save_term(to, term{peer::erl::tuple{atom{peer::internal::wire::calls_name}, atom{"nonode@nohost"}}}));
  CAF_REQUIRE(!peer::save_term(seq, patient));
  say(peer::internal::wire::message{to, seq});
  CAF_CHECK(look_until([this] { return told_to_stop.load(); }));
}

CAF_TEST(an origin that calls on and does not read violates the protocol) {
  ask_for_too_much();
  for (auto i = std::size_t{0}; i < 100 * limits.jobs; ++i)
    call("run");
  CAF_CHECK(look_until([this] { return ended.load(); }));
  CAF_CHECK_EQUAL(end_reason, peer::errc::protocol_violation);
}

CAF_TEST(messages to an origin that does not read are refused) {
  CAF_CHECK(!refuses_messages());
  auto last = ask_for_too_much();
  CAF_CHECK(refuses_messages());
  for (auto seq = std::int64_t{1}; seq <= last; ++seq)
    answer(seq);
  CAF_CHECK(look_until([this] { return !refuses_messages(); }));
}

CAF_TEST(the end of the connection is noticed while the origin does not read) {
  ask_for_too_much();
  far_end = {};
  CAF_CHECK(look_until([this] { return ended.load(); }));
}

CAF_TEST_FIXTURE_SCOPE_END()
