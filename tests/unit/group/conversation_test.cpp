// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// One request to many control actors, whose answers arrive all at once.

#define CAF_SUITE peer.group.conversation

#include "group/conversation.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

#include <future>

using namespace peer;
using namespace std::chrono_literals;

using internal::group::after_failure;
using internal::group::of_member;

namespace {

using inquiry = internal::group::inquiry<peer_status, await_boot_atom>;
using answers = internal::group::results<peer_status>;

struct fixture : test_coordinator_fixture<> {
  ~fixture() {
    for (auto& each : members)
      caf::anon_send_exit(each, caf::exit_reason::kill);
    caf::anon_send_exit(asker, caf::exit_reason::kill);
    run();
  }

  /// Adds a member that answers so.
  void member(caf::result<peer_status> answer) {
    members.push_back(sys.spawn(
        [answer = std::move(answer)]() -> caf::behavior { return {[answer](await_boot_atom) { return answer; }}; }));
    run();
  }

  void member_that_never_answers() {
    members.push_back(sys.spawn([](caf::event_based_actor* me) -> caf::behavior {
      return {[promises = std::vector<caf::typed_response_promise<peer_status>>{}, me](await_boot_atom) mutable {
        promises.push_back(me->make_response_promise<peer_status>());
        return promises.back();
      }};
    }));
    run();
  }

  void ask(caf::timespan limit = caf::infinite, after_failure then = after_failure::wait_for_all) {
    auto controls = std::vector<control_actor>{};
    for (auto& each : members)
      controls.push_back(caf::actor_cast<control_actor>(each));
    auto waiter = std::promise<answers>{};
    result = waiter.get_future();
    asker =
        internal::loop::spawn_pinned<inquiry>(sys, internal::loop::habitat{sys.dummy_execution_unit()}, members.size(),
                                              std::move(waiter), controls, limit, then, await_boot_atom_v);
    sched.run(); // `run` would trigger time-outs, too
  }

  bool is_over() const { return result.wait_for(0s) == std::future_status::ready; }

  std::vector<caf::actor> members;
  caf::actor asker;
  std::future<answers> result;
};

peer_status node(std::string_view name) {
  auto result = peer_status{};
  result.node = atom{name};
  return result;
}

caf::error no_luck(errc code) {
  return caf::make_error(code, std::string{"no luck"});
}

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

SCENARIO("answers are in the order of the members") {
  GIVEN("three members, of which one fails") {
    member(node("a"));
    member(no_luck(errc::timeout));
    member(node("c"));
    WHEN("all are asked and all answers are waited for") {
      ask();
      THEN("each has its place") {
        CAF_REQUIRE(is_over());
        auto all = result.get();
        CAF_REQUIRE_EQUAL(all.size(), 3u);
        CHECK_EQ(all[0]->node, atom{"a"});
        CHECK_EQ(all[1].error(), errc::timeout);
        CHECK_EQ(all[2]->node, atom{"c"});
      }
    }
  }
}

SCENARIO("a member that has exited is an error of its own") {
  GIVEN("a member whose actor was killed") {
    member(node("a"));
    member(node("b"));
    member(node("c"));
    caf::anon_send_exit(members[1], caf::exit_reason::kill);
    run();
    WHEN("all are asked") {
      ask();
      THEN("its answer is noproc and the others' are there") {
        CAF_REQUIRE(is_over());
        auto all = result.get();
        CHECK_EQ(all[0]->node, atom{"a"});
        CHECK_EQ(all[1].error(), errc::noproc);
        CHECK_EQ(all[2]->node, atom{"c"});
      }
    }
  }
}

SCENARIO("nobody is waited for beyond the limit") {
  GIVEN("a member that never answers") {
    member(node("a"));
    member_that_never_answers();
    member(node("c"));
    WHEN("all are asked with a limit of a second") {
      ask(1s);
      THEN("the answers arrive when it is over") {
        CHECK(!is_over());
        advance_time(999ms);
        sched.run();
        CHECK(!is_over());
        advance_time(1ms);
        sched.run();
        CAF_REQUIRE(is_over());
        auto all = result.get();
        CHECK_EQ(all[0]->node, atom{"a"});
        CHECK_EQ(all[1].error(), errc::timeout);
        CHECK_EQ(all[2]->node, atom{"c"});
      }
    }
  }
}

SCENARIO("the first failure ends a conversation that gives up") {
  GIVEN("a member that fails and one that never answers") {
    member_that_never_answers();
    member(no_luck(errc::boot_failed));
    member_that_never_answers();
    WHEN("all are asked") {
      ask(caf::infinite, after_failure::give_up);
      THEN("the failure is the answer of all, and names its member") {
        CAF_REQUIRE(is_over());
        auto all = result.get();
        for (auto& each : all) {
          CHECK_EQ(each.error(), errc::boot_failed);
          CHECK_EQ(text_of(each.error()), "member 1 of the group: no luck");
        }
      }
    }
  }
}

SCENARIO("a conversation that is killed leaves nobody waiting") {
  GIVEN("a conversation without answers") {
    member_that_never_answers();
    member_that_never_answers();
    ask();
    WHEN("its actor is killed") {
      caf::anon_send_exit(asker, caf::exit_reason::kill);
      run();
      THEN("all answers are noproc") {
        CAF_REQUIRE(is_over());
        for (auto& each : result.get())
          CHECK_EQ(each.error(), errc::noproc);
      }
    }
  }
}

SCENARIO("an error keeps its code when it is given to a member") {
  GIVEN("the end of a peer, a plain error and one of CAF") {
    auto details = failure{};
    details.who = "peer p";
    auto ended = caf::make_error(errc::exit_status, details);
    WHEN("they are given to member 2") {
      THEN("those of libpeer name it, and that of CAF is as it was") {
        auto named = of_member(ended, 2);
        CHECK_EQ(named, errc::exit_status);
        CHECK_EQ(failure_of(named)->who, "member 2 of the group, peer p");
        CHECK_EQ(text_of(of_member(caf::make_error(errc::timeout, std::string{"late"}), 2)),
                 "member 2 of the group: late");
        auto other = of_member(caf::sec::runtime_error, 2);
        CHECK_EQ(other, caf::sec::runtime_error);
        CHECK_EQ(text_of(other), "member 2 of the group");
        auto raised = of_member(caf::make_error(errc::exception, std::string{"the call"}, peer::erl::exception{}), 2);
        CHECK_EQ(raised, errc::exception);
        CHECK_EQ(text_of(raised), "member 2 of the group: the call");
        CHECK(peer::exception_of(raised) != nullptr);
        auto gone = of_member(from_request(caf::make_error(caf::sec::request_receiver_down)), 2);
        CHECK(delivery_of(gone) == peer::delivery::not_delivered);
      }
    }
  }
}

END_FIXTURE_SCOPE()
