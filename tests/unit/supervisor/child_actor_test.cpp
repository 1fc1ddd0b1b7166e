// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Calls to children, whatever becomes of them.

#define CAF_SUITE peer.supervisor.calls

#include "tree_fixture.hpp"

using namespace peer;
using namespace peer::test;
using namespace std::chrono_literals;

namespace {

struct fixture : tree_fixture {
  /// Starts a peer that is up, with `handle` for it.
  void start_peer(std::size_t max_waiting = 2) {
    auto spec = peer_child("p");
    spec.max_waiting = max_waiting;
    start({spec});
    started("p");
    handle = child("p");
  }

  /// The peer answers its call of that number.
  void replies(int number, int value) {
    peers["p"]->says(tagged("reply", number, atom{"ok"}, value));
    settle();
  }

  child_actor handle;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(child_calls_tests, fixture)

CAF_TEST(a call reaches what is up) {
  start_peer();
  auto pending = ask(handle, call());
  CAF_CHECK_EQUAL(to_string(peers["p"]->channel.sent.back()), "{call,0,m,f,[]}");
  replies(0, 7);
  CAF_CHECK_EQUAL(called(pending), "7");
  auto plain = ask(handle, call().request);
  replies(1, 8);
  CAF_CHECK_EQUAL(called(plain), "8");
}

CAF_TEST(a call fails with the end of the generation that had it) {
  start_peer();
  auto pending = ask(handle, call(caf::infinite));
  auto old = peers["p"];
  exits("p", 1);
  CAF_CHECK_EQUAL(called(pending), "exit_status");
  started("p");
  CAF_CHECK(peers["p"] != old);
  CAF_CHECK_EQUAL(peers["p"]->channel.sent.size(), 0u); // it is not made again
}

CAF_TEST(calls to a child that is down fail at once) {
  start_peer();
  exits("p", 1);
  CAF_CHECK_EQUAL(called(ask(handle, call())), "noconnection");
  CAF_CHECK_EQUAL(called(ask(handle, call().request)), "noconnection");
  CAF_CHECK_EQUAL(outcome(ask(handle, cast_request{"m", "f", *encode_arguments()})), errc::noconnection);
}

CAF_TEST(patient calls wait in their order and are passed on) {
  start_peer();
  exits("p", 1);
  auto first = ask(handle, call(5s));
  auto second = ask(handle, call(caf::infinite));
  CAF_CHECK(self->mailbox().empty());
  CAF_CHECK_EQUAL(called(ask(handle, call(5s))), "overload");
  started("p");
  replies(1, 20);
  CAF_CHECK_EQUAL(called(second), "20");
  replies(0, 10);
  CAF_CHECK_EQUAL(called(first), "10");
}

CAF_TEST(a patient call does not wait longer than it wants) {
  start_peer();
  exits("p", 1);
  auto pending = ask(handle, call(5s));
  pass(5s - 1ns);
  CAF_CHECK(self->mailbox().empty());
  pass(1ns);
  CAF_CHECK_EQUAL(called(pending), "noconnection");
  started("p");
  CAF_CHECK_EQUAL(peers["p"]->channel.sent.size(), 0u);
}

CAF_TEST(a call for one generation is answered by no other) {
  start_peer();
  auto pending = ask(handle, call(5s, 1));
  replies(0, 7);
  CAF_CHECK_EQUAL(called(pending), "7");
  CAF_CHECK_EQUAL(called(ask(handle, call(5s, 2))), "noproc");
  exits("p", 1);
  CAF_CHECK_EQUAL(called(ask(handle, call(5s, 1))), "noproc");
  auto next = ask(handle, call(5s, 2));
  CAF_CHECK(self->mailbox().empty());
  exits("p", 1); // generation 2 does not come up
  started("p");
  CAF_CHECK_EQUAL(called(next), "noproc");
}

CAF_TEST(a child that is not ready is down) {
  auto spec = actor("a");
  spec.ready = says_ready{};
  start({spec});
  auto waits = ask(child("a"), call(5s));
  CAF_CHECK_EQUAL(called(ask(child("a"), call())), "noconnection");
  caf::anon_send(child("a"), ready_atom_v, std::uint64_t{1});
  settle();
  CAF_CHECK_EQUAL(called(waits), "1");
}

CAF_TEST(a word of readiness counts for its generation only) {
  auto spec = actor("a");
  spec.ready = says_ready{};
  start({spec});
  caf::anon_send(child("a"), ready_atom_v, std::uint64_t{1});
  settle();
  CAF_CHECK_EQUAL(states(), "a running 1");
  end(actors["a"]);
  caf::anon_send(child("a"), ready_atom_v, std::uint64_t{1}); // somebody is late
  settle();
  CAF_CHECK_EQUAL(states(), "a starting 2");
  caf::anon_send(child("a"), ready_atom_v, std::uint64_t{2});
  settle();
  CAF_CHECK_EQUAL(states(), "a running 2");
}

CAF_TEST(a call for a generation fails as soon as that is over) {
  start_peer();
  exits("p", 1);
  auto waits = ask(handle, call(caf::infinite, 2));
  CAF_CHECK(self->mailbox().empty());
  exits("p", 1); // in its boot
  CAF_CHECK_EQUAL(called(waits), "noproc");
}

CAF_TEST(calls that wait fail when the child is gone for good) {
  auto spec = actor("a", restart_type::transient);
  start({spec});
  handle = child("a");
  end(actors["a"], caf::exit_reason::user_shutdown);
  auto waits = ask(handle, call(caf::infinite));
  CAF_CHECK(self->mailbox().empty());
  CAF_CHECK(!outcome(ask(top, delete_child_atom_v, std::string{"a"})));
  CAF_CHECK_EQUAL(called(waits), "noproc");
}

CAF_TEST(what nobody waits for is dropped while the child is down) {
  start_peer();
  exits("p", 1);
  caf::anon_send(handle, cast_request{"m", "f", *encode_arguments()});
  caf::anon_send(handle, send_request{atom{"printer"}, *encode_arguments()});
  settle();
  started("p");
  CAF_CHECK_EQUAL(peers["p"]->channel.sent.size(), 0u);
  caf::anon_send(handle, cast_request{"m", "f", *encode_arguments()});
  settle();
  CAF_CHECK_EQUAL(to_string(peers["p"]->channel.sent.back()), "{cast,m,f,[]}");
}

CAF_TEST(an actor receives the content of messages) {
  auto heard = std::vector<term>{};
  auto spec = child_spec{.id = "a"};
  spec.start = actor_factory{[&](const child_context&) -> caf::expected<caf::actor> {
    return sys.spawn([&heard]() -> caf::behavior { return {[&heard](const term& x) { heard.push_back(x); }}; });
  }};
  start({spec});
  auto content = byte_buffer{};
  CAF_CHECK(!save_term(content, 5));
  caf::anon_send(child("a"), send_request{atom{"whoever"}, content});
  settle();
  CAF_CHECK_EQUAL(heard, std::vector<term>{term{5}});
}

CAF_TEST_FIXTURE_SCOPE_END()
