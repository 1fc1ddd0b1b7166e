// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Messages between processes of a real erl and actors of this program.

#define CAF_SUITE peer.system.message

#include "support/system_fixture.hpp"

using namespace peer::test;

using peer::atom;
using peer::term;

namespace {

struct fixture : system_fixture {
  fixture() : worker(start(erl())), self(*sys), here(value_of(worker.expose(caf::actor{self.ptr()}))) {}

  /// The bindings that tell Erlang code our pid.
  term bindings() const { return peer::erl::list{peer::erl::tuple{atom{"Here"}, here}}; }

  /// Registers a process that sends back what it gets, with a number that counts.
  void start_echo() {
    evaluate(worker,
             "Loop = fun Loop(N) -> receive X -> group_leader() ! {message, Here, {N, X}}, Loop(N + 1) end end,"
             "register(echo, spawn(fun() -> Loop(1) end))",
             bindings());
  }

  /// The next message that arrives here.
  term next() {
    auto result = term{};
    self->receive([&](const term& x) { result = x; }, caf::after(patience) >> [] { CAF_FAIL("no message arrived"); });
    return result;
  }

  peer::handle worker;
  caf::scoped_actor self;
  peer::pid here;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(message_tests, fixture)

CAF_TEST(Erlang code sends to an exposed actor) {
  evaluate(worker, "group_leader() ! {message, Here, {hello, [1, 2.5, <<\"x\">>]}}", bindings());
  CAF_CHECK_EQUAL(next(), "{hello, [1, 2.5, <<\"x\">>]}"_term);
}

CAF_TEST(an erl ends no actor by an error and forges no order) {
  auto patient = sys->spawn([]() -> caf::behavior { return {[](const std::string& question) { return question; }}; });
  auto there = value_of(worker.expose(patient));
  auto control = value_of(worker.expose(caf::actor_cast<caf::actor>(worker.actor())));
  auto pids = peer::erl::list{peer::erl::tuple{atom{"There"}, there}, peer::erl::tuple{atom{"Control"}, control},
                              peer::erl::tuple{atom{"Here"}, here}};
  evaluate(worker,
           "Send = fun(To, What) -> group_leader() ! {message, To, What} end,"
           "Send(There, {'$message', [{'caf::error', {'$error', sec, runtime_error, <<\"x\">>}}]}),"
           "Send(There, {'$message', [{'caf::exit_msg', {1, 2}}]}),"
           "Send(Control, {'$message', [{'peer::kill_atom', kill}]}),"
           "Send(Here, last)",
           pids);
  CAF_CHECK_EQUAL(next(), "last"_term);
  auto answered = false;
  self->request(patient, patience, std::string{"there?"})
      .receive([&](const std::string& text) { answered = text == "there?"; }, [](const caf::error&) {});
  CAF_CHECK(answered);
  CAF_CHECK_EQUAL(value_of(worker.call<int>("erlang", "abs", -3)), 3);
  self->send_exit(patient, caf::exit_reason::user_shutdown);
}

CAF_TEST(a pid that was invalidated reaches nobody) {
  CAF_CHECK_EQUAL(worker.unexpose(caf::actor{self.ptr()}), caf::error{});
  auto again = value_of(worker.expose(caf::actor{self.ptr()}));
  CAF_CHECK_NOT_EQUAL(again, here);
  evaluate(worker, "group_leader() ! {message, Here, late}, group_leader() ! {message, Again, last}",
           peer::erl::list{peer::erl::tuple{atom{"Here"}, here}, peer::erl::tuple{atom{"Again"}, again}});
  CAF_CHECK_EQUAL(next(), "last"_term);
}

CAF_TEST(messages to a registered name arrive in their order) {
  start_echo();
  for (auto i = 1; i <= 100; ++i)
    CAF_CHECK(!worker.send("echo", i));
  for (auto i = 1; i <= 100; ++i)
    CAF_CHECK_EQUAL(next(), (term{peer::erl::tuple{i, i}}));
}

CAF_TEST(messages to a pid arrive) {
  start_echo();
  auto echo = value_of(worker.call<term>("erlang", "whereis", atom{"echo"}));
  CAF_CHECK(!worker.send(echo, std::vector<std::string>{"a", "b"}));
  CAF_CHECK_EQUAL(next(), "{1, [<<\"a\">>, <<\"b\">>]}"_term);
}

CAF_TEST(a message of CAF comes back as one) {
  evaluate(worker, "register(echo, spawn(fun() -> receive X -> group_leader() ! {message, Here, X} end end))",
           bindings());
  CAF_CHECK(!worker.send("echo", caf::make_message(caf::ok_atom_v, std::int32_t{7}, std::string{"seven"})));
  auto arrived = false;
  self->receive(
      [&](caf::ok_atom, std::int32_t number, const std::string& text) {
        arrived = true;
        CAF_CHECK_EQUAL(number, 7);
        CAF_CHECK_EQUAL(text, "seven");
      },
      caf::after(patience) >> [] { CAF_FAIL("no message arrived"); });
  CAF_CHECK(arrived);
}

CAF_TEST(several exposed actors have pids of their own) {
  auto other = caf::scoped_actor{*sys};
  auto there = value_of(worker.expose(caf::actor{other.ptr()}));
  CAF_CHECK(there != here);
  auto both = peer::erl::list{peer::erl::tuple{atom{"Here"}, here}, peer::erl::tuple{atom{"There"}, there}};
  evaluate(worker, "group_leader() ! {message, There, there}, group_leader() ! {message, Here, here}", term{both});
  CAF_CHECK_EQUAL(next(), "here"_term);
  other->receive([](const term& x) { CAF_CHECK_EQUAL(x, "there"_term); },
                 caf::after(patience) >> [] { CAF_FAIL("no message arrived"); });
}

CAF_TEST(a name that is not registered in the peer harms nothing) {
  CAF_CHECK(!worker.send("nobody_has_this_name", 1));
  check_alive(worker);
  start_echo();
  CAF_CHECK(!worker.send("nobody_has_this_name", 2));
  CAF_CHECK(!worker.send("echo", 3));
  CAF_CHECK_EQUAL(next(), "{1, 3}"_term);
}

CAF_TEST(a dead process of the peer harms nothing) {
  auto dead = evaluate(worker, "{P, R} = spawn_monitor(fun() -> ok end), receive {'DOWN', R, _, _, _} -> P end");
  CAF_CHECK(!worker.send(dead, 1));
  check_alive(worker);
}

CAF_TEST(what nobody here is meant to get harms nothing) {
  evaluate(worker, "group_leader() ! {message, no_such_name, 1}");
  evaluate(worker, "group_leader() ! {message, self(), 2}");
  auto gone = peer::pid{};
  {
    auto brief = caf::scoped_actor{*sys};
    gone = value_of(worker.expose(caf::actor{brief.ptr()}));
  }
  evaluate(worker, "group_leader() ! {message, Gone, 3}", term{peer::erl::list{peer::erl::tuple{atom{"Gone"}, gone}}});
  evaluate(worker, "group_leader() ! {message, Here, last}", bindings());
  CAF_CHECK_EQUAL(next(), "last"_term);
}

CAF_TEST(only pids and names can be sent to) {
  CAF_CHECK_EQUAL(worker.send(42, 1), peer::errc::bad_term);
  CAF_CHECK_EQUAL(worker.send("echo", std::numeric_limits<double>::infinity()), peer::errc::bad_term);
  auto failed = false;
  self->request(worker.actor(), caf::infinite, peer::send_request{"{no, pid}"_term, {}})
      .receive([] {}, [&](const caf::error& err) { failed = err == peer::errc::bad_term; });
  CAF_CHECK(failed);
}

CAF_TEST(stray messages to the control actor are dropped) {
  auto untyped = caf::actor_cast<caf::actor>(worker.actor());
  caf::anon_send(untyped, 42, std::string{"text"});
  caf::anon_send(untyped, term{42});
  check_alive(worker);
}

CAF_TEST_FIXTURE_SCOPE_END()
