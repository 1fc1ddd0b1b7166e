// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// OTP's cases about calls, casts, messages and output.

#define CAF_SUITE peer.conformance

#include "fixture.hpp"

using namespace peer::test;
using namespace std::literals;

using peer::atom;
using peer::term;

namespace {

struct fixture : conformance_fixture {
  fixture() : self(*sys) {}

  term next() {
    auto result = term{};
    self->receive([&](const term& x) { result = x; }, caf::after(patience) >> [] { CAF_FAIL("no message arrived"); });
    return result;
  }

  /// What OTP's case `basic` does, but for `stop`.
  void check_basics(const peer::handle& worker) {
    auto patient = worker.within(patience);
    CAF_CHECK_EQUAL(value_of(patient.call<atom>("erlang", "node")), atom{"nonode@nohost"});
    auto raised = error_of(patient.call<term>("erlang", "throw", atom{"ball"}));
    CAF_REQUIRE(peer::exception_of(raised) != nullptr);
    CAF_CHECK_EQUAL(peer::exception_of(raised)->cls, peer::exception_class::throw_);
    CAF_CHECK_EQUAL(peer::exception_of(raised)->reason, "ball"_term);
    auto here = value_of(worker.expose(caf::actor{self.ptr()}));
    if (!is_erl()) {
      auto echo = value_of(patient.call<peer::pid>("erlang", "whereis", atom{"echo"}));
      CAF_CHECK(!worker.send(echo, term{peer::erl::tuple{here, atom{"message"}}}));
      CAF_CHECK_EQUAL(next(), "{echo, message}"_term);
      return remark("an actor of the node forwards the message; a libpeer node has no `code:add_path`");
    }
    CAF_CHECK_EQUAL(value_of(patient.call<term>("code", "add_path", charlist(place))), term{true});
    auto waiting = evaluate(worker, "spawn(fun() -> receive do -> group_leader() ! {message, Here, message} end end)",
                            term{peer::erl::list{peer::erl::tuple{atom{"Here"}, here}}});
    CAF_CHECK(!worker.send(waiting, atom{"do"}));
    CAF_CHECK_EQUAL(next(), "message"_term);
  }

  caf::scoped_actor self;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(basic_tests, fixture)

CAF_TEST(basic) {
  if (over<peer::distribution>())
    return not_over_distribution();
  auto worker = start(options());
  check_basics(worker);
  stop(worker);
}

CAF_TEST(detached) {
  if (over<peer::distribution>())
    return not_over_distribution();
  auto worker = start(options());
  check_basics(worker);
  for (auto text : {"one.~n", "two.~n"})
    value_of(worker.within(patience).call<atom>("io", "format", charlist(text)));
  CAF_CHECK_EQUAL(console.wait_for(2), (std::vector{"one."s, "two."s}));
  stop(worker);
}

CAF_TEST(cast) {
  if (over<peer::distribution>())
    return not_over_distribution();
  auto worker = start(options());
  auto patient = worker.within(patience);
  if (is_erl()) {
    CAF_CHECK(!worker.cast("application", "set_env", atom{"libpeer"}, atom{"key"}, atom{"value"}));
    auto seen = term{};
    for (auto tries = 0; tries < 1000 && seen != "{ok, value}"_term; ++tries) // a cast may be slower than a call
      seen = value_of(patient.call<term>("application", "get_env", atom{"libpeer"}, atom{"key"}));
    CAF_CHECK_EQUAL(seen, "{ok, value}"_term);
  } else {
    auto here = value_of(worker.expose(caf::actor{self.ptr()}));
    CAF_CHECK(!worker.cast("erlang", "send", atom{"echo"}, term{peer::erl::tuple{here, atom{"value"}}}));
    CAF_CHECK_EQUAL(next(), "{echo, value}"_term);
    remark("the cast sends a message: a libpeer node has no `application:set_env`");
  }
  stop(worker);
}

CAF_TEST(io_redirect) {
  if (over<peer::distribution>())
    return not_over_distribution();
  auto worker = start(options());
  auto patient = worker.within(patience);
  value_of(patient.call<atom>("io", "format", atom{"user"}, charlist("test.~n"), term{peer::erl::list{}}));
  value_of(patient.call<atom>("io", "format", charlist("second.~n")));
  CAF_CHECK_EQUAL(console.wait_for(2), (std::vector{"test."s, "second."s}));
  if (is_erl())
    CAF_CHECK_EQUAL(value_of(patient.call<term>("erlang", "nodes", atom{"connected"})), "[]"_term);
  else
    remark("a libpeer node has no `nodes/1`");
  stop(worker);
}

CAF_TEST_FIXTURE_SCOPE_END()
