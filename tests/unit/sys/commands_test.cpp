// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What system messages in Erlang's form mean. The answers are those of OTP 25's sys.erl.

#define CAF_SUITE peer.sys.commands

#include "peer/error.hpp"
#include "peer/term.hpp"
#include "sys/commands.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <stdexcept>

using peer::atom;
using peer::errc;
using peer::term;
using peer::erl::list;
using peer::internal::sys::sys_state;

namespace {

/// Has a number as its state.
struct counter final : peer::internal::sys::sys_callbacks {
  term state = 7;
  term changed;

  term system_get_state() override { return state; }

  caf::error system_replace_state(const term& x) override {
    if (!x.is<std::int64_t>())
      return caf::make_error(errc::type_mismatch, std::string{"no number"});
    state = x;
    return {};
  }

  void system_terminate(caf::error) override {}

  caf::error system_code_change(const atom& module, const term& old_version, const term& extra) override {
    if (extra.is_atom("fail"))
      return caf::make_error(errc::type_mismatch, std::string{"no"});
    changed = peer::erl::list{module, old_version, extra};
    return {};
  }

  term system_pid(const caf::actor_addr& whom) override {
    return whom ? term{peer::pid{atom{"n@h"}, 1, 2, 3}} : term{atom{"undefined"}};
  }

  void system_reply(const term&, const term&) override {}
};

struct fixture : test_coordinator_fixture<> {
  counter actor;

  peer::internal::sys::system_answer ask(const char* request,
                                         peer::internal::sys::sys_state now = peer::internal::sys::sys_state::running) {
    return peer::internal::sys::do_system_command(now, *peer::parse_term(request), actor, self->address());
  }

  std::string reply(const char* request, peer::internal::sys::sys_state now = peer::internal::sys::sys_state::running) {
    return to_string(ask(request, now).reply);
  }
};

/// What the error is about, if a system message has ended an actor.
term reason_of(const caf::error& why) {
  if (why == errc::terminated)
    return why.context().get_as<term>(0);
  CAF_FAIL("not terminated: " << why);
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(commands_tests, fixture)

CAF_TEST(only a system message is one) {
  auto me = peer::pid{atom{"n@h"}, 1, 2, 3};
  auto found =
      peer::internal::sys::match_system_message(peer::tagged("system", peer::erl::tuple{me, 5}, atom{"get_state"}));
  CAF_REQUIRE(found);
  CAF_CHECK_EQUAL(found->to, term{me});
  CAF_CHECK_EQUAL(found->tag, term{5});
  CAF_CHECK_EQUAL(found->request, term{atom{"get_state"}});
  for (auto text : {"system", "{system, {1, 2}}", "{system, 1, get_state}", "{system, {1, 2, 3}, get_state}",
                    "{other, {1, 2}, get_state}", "{system, {1, 2}, get_state, more}", "{system, [1, 2], get_state}"})
    CAF_CHECK(!peer::internal::sys::match_system_message(*peer::parse_term(text)));
}

CAF_TEST(an alias in the tag gets the answer) {
  auto me = term{peer::pid{atom{"n@h"}, 1, 2, 3}};
  auto alias = term{peer::erl::reference{atom{"n@h"}, 3, {1, 2, 3}}};
  auto to = [&](const term& tag) {
    return peer::internal::sys::match_system_message(
               peer::tagged("system", peer::erl::tuple{me, tag}, atom{"get_state"}))
        ->to;
  };
  auto aliased = peer::erl::list::cons({term{atom{"alias"}}}, alias);
  CAF_CHECK_EQUAL(to(aliased), alias);
  CAF_CHECK_EQUAL(to(peer::erl::list::cons({aliased}, term{1})), alias);
  CAF_CHECK_EQUAL(to(alias), me);
  CAF_CHECK_EQUAL(to(peer::erl::list::cons({term{atom{"alias"}}}, term{1})), me);
  CAF_CHECK_EQUAL(to(peer::erl::list::cons({term{atom{"other"}}}, alias)), me);
  CAF_CHECK_EQUAL(to(peer::erl::list{}), me);
}

CAF_TEST(an actor is suspended and resumed as often as one likes) {
  for (auto now : {peer::internal::sys::sys_state::running, peer::internal::sys::sys_state::suspended}) {
    CAF_CHECK_EQUAL(reply("suspend", now), "ok");
    CAF_CHECK(ask("suspend", now).next == peer::internal::sys::sys_state::suspended);
    CAF_CHECK_EQUAL(reply("resume", now), "ok");
    CAF_CHECK(ask("resume", now).next == peer::internal::sys::sys_state::running);
  }
}

CAF_TEST(the state is told and the actor stays as it is) {
  for (auto now : {peer::internal::sys::sys_state::running, peer::internal::sys::sys_state::suspended}) {
    CAF_CHECK_EQUAL(reply("get_state", now), "7");
    CAF_CHECK(ask("get_state", now).next == now);
  }
}

CAF_TEST(the status names actor and module and whether it is suspended) {
  CAF_CHECK_EQUAL(reply("get_status"), "{status,#Pid<n@h.1.2>,{module,peer},[[],running,undefined,[],7]}");
  CAF_CHECK_EQUAL(reply("get_status", peer::internal::sys::sys_state::suspended),
                  "{status,#Pid<n@h.1.2>,{module,peer},[[],suspended,undefined,[],7]}");
}

CAF_TEST(a function of Erlang cannot run here) {
  auto ask_with = [this](const term& f) {
    return peer::internal::sys::do_system_command(peer::internal::sys::sys_state::running,
                                                  peer::tagged("replace_state", f), actor, self->address())
        .reply;
  };
  auto undefined = "{error,{callback_failed,{peer,system_replace_state},{error,undef}}}";
  CAF_CHECK_EQUAL(to_string(ask_with(peer::erl::export_fun{atom{"m"}, atom{"f"}, 1})), undefined);
  CAF_CHECK_EQUAL(to_string(ask_with(peer::erl::opaque{"q"})), undefined);
  CAF_CHECK_EQUAL(reply("{replace_state, 5}"),
                  "{error,{callback_failed,{peer,system_replace_state},{error,{badfun,5}}}}");
  CAF_CHECK_EQUAL(actor.state, term{7});
}

CAF_TEST(code changes in a suspended actor only) {
  CAF_CHECK_EQUAL(reply("{change_code, m, 1, x}"), "{error,{unknown_system_msg,{change_code,m,1,x}}}");
  CAF_CHECK_EQUAL(actor.changed, term{});
  CAF_CHECK_EQUAL(reply("{change_code, m, 1, x}", peer::internal::sys::sys_state::suspended), "ok");
  CAF_CHECK_EQUAL(to_string(actor.changed), "[m,1,x]");
  CAF_CHECK(ask("{change_code, m, 1, x}", peer::internal::sys::sys_state::suspended).next
            == peer::internal::sys::sys_state::suspended);
  CAF_CHECK_EQUAL(reply("{change_code, m, 1, fail}", peer::internal::sys::sys_state::suspended),
                  "{error,{'$error','peer::errc',type_mismatch,<<\"no\">>}}");
}

CAF_TEST(termination is answered and has a reason) {
  CAF_CHECK_EQUAL(reply("{terminate, normal}"), "ok");
  CAF_CHECK(ask("{terminate, normal}").next == peer::internal::sys::sys_state::terminating);
  CAF_CHECK(!ask("{terminate, normal}").reason);
  CAF_CHECK(ask("{terminate, shutdown}").reason == caf::exit_reason::user_shutdown);
  CAF_CHECK_EQUAL(
      to_string(reason_of(ask("{terminate, {no, more}}", peer::internal::sys::sys_state::suspended).reason)),
      "{no,more}");
}

CAF_TEST(an unknown request is told so) {
  for (auto text : {"what", "{debug,{trace,true}}", "{terminate}", "{replace_state}", "[]"})
    CAF_CHECK_EQUAL(reply(text), "{error,{unknown_system_msg," + std::string{text} + "}}");
}

CAF_TEST(a function of this program replaces the state) {
  auto twice = peer::state_function{[](const term& x) { return term{2 * *x.get_if<std::int64_t>()}; }};
  CAF_CHECK_EQUAL(*peer::internal::sys::replace_system_state(twice, actor), term{14});
  CAF_CHECK_EQUAL(actor.state, term{14});
}

CAF_TEST(a state that the actor refuses and a function that throws change nothing) {
  auto to_atom = peer::state_function{[](const term&) { return term{atom{"none"}}; }};
  CAF_CHECK(peer::internal::sys::replace_system_state(to_atom, actor).error() == errc::type_mismatch);
  auto throws = peer::state_function{[](const term&) -> term { throw std::runtime_error{"no state"}; }};
  auto failed = peer::internal::sys::replace_system_state(throws, actor);
  CAF_CHECK(failed.error() == errc::callback_failed);
  CAF_CHECK_EQUAL(peer::text_of(failed.error()), "the function for the new state threw: no state");
  auto throws_text = peer::state_function{[](const term&) -> term { throw "text"; }};
  CAF_CHECK(peer::internal::sys::replace_system_state(throws_text, actor).error() == errc::callback_failed);
  CAF_CHECK_EQUAL(actor.state, term{7});
}

CAF_TEST_FIXTURE_SCOPE_END()
