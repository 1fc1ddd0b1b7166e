// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What a supervisor does about children that end, message by message.

#define CAF_SUITE peer.supervisor.restarts

#include "protocol_fixture.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer;
using namespace peer::test;
using namespace std::chrono_literals;

BEGIN_FIXTURE_SCOPE(protocol_fixture)

// -- restarts ---------------------------------------------------------------------------------------------------------

SCENARIO("one_for_one restarts the child that has ended") {
  GIVEN("two children that run") {
    spawn_running({actor("a"), actor("b")});
    auto a = actor_of("a");
    WHEN("one ends with an error") {
      crashes("a", a, 1);
      THEN("it is started again and the other one is left alone") {
        starts("a", a, 2);
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("rest_for_one restarts the children behind the one that has ended") {
  GIVEN("four children that run") {
    spawn_running({actor("a"), actor("b"), actor("c"), actor("d")},
                  {.strategy = restart_strategy::rest_for_one, .intensity = 100});
    auto b = actor_of("b");
    auto c = actor_of("c");
    auto d = actor_of("d");
    WHEN("the second one ends with an error") {
      crashes("b", b, 1);
      THEN("those behind it are stopped in the reverse order before anything is started") {
        disallow((stop_atom, std::uint64_t), to(c));
        disallow((start_order), to(b));
        stops("d", d, 1);
        disallow((start_order), to(b));
        stops("c", c, 1);
      }
      THEN("all of these are started in their order, and the first child is left alone") {
        disallow((start_order), to(c));
        starts("b", b, 2);
        disallow((start_order), to(d));
        starts("c", c, 2);
        starts("d", d, 2);
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("one_for_all restarts all children") {
  GIVEN("three children that run") {
    spawn_running({actor("a"), actor("b"), actor("c")}, {.strategy = restart_strategy::one_for_all, .intensity = 100});
    auto a = actor_of("a");
    auto b = actor_of("b");
    auto c = actor_of("c");
    WHEN("the second one ends with an error") {
      crashes("b", b, 1);
      THEN("the others are stopped in the reverse order, and all are started in their order") {
        disallow((stop_atom, std::uint64_t), to(a));
        stops("c", c, 1);
        stops("a", a, 1);
        starts("a", a, 2);
        starts("b", b, 2);
        starts("c", c, 2);
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a supervisor that has restarted too often stops its children and ends") {
  GIVEN("two children of a supervisor that restarts nothing") {
    spawn_running({actor("a"), actor("b")}, {.intensity = 0});
    auto a = actor_of("a");
    auto b = actor_of("b");
    WHEN("one ends with an error") {
      crashes("b", b, 1);
      THEN("the other one is stopped, and the supervisor ends with shutdown") {
        disallow((start_order), to(b));
        stops("a", a, 1);
        expect((caf::down_msg), from(top).to(self).with(because{on_request}));
      }
    }
  }
}

SCENARIO("what is said of an earlier generation means nothing") {
  GIVEN("a child in its second generation") {
    spawn_running({actor("a")});
    auto a = actor_of("a");
    crashes("a", a, 1);
    starts("a", a, 2);
    WHEN("a notice about its first generation arrives late") {
      for (auto kind : {notice_kind::started, notice_kind::ready, notice_kind::ignored, notice_kind::start_failed,
                        notice_kind::stopped, notice_kind::exited})
        inject((child_notice),
               to(top).with(child_notice{.id = "a", .generation = 1, .kind = kind, .reason = crash_reason}));
      THEN("nobody is sent anything") {
        CHECK(nothing_waits());
        CHECK_EQ(states(), "a running 2");
      }
    }
    WHEN("the child is being terminated meanwhile") {
      sends(top, terminate_child_atom_v, std::string{"a"});
      inject((child_notice), to(top).with(child_notice{.id = "a", .generation = 1, .kind = notice_kind::stopped}));
      THEN("only the end of the second generation is the end") {
        CHECK(self->mailbox().empty());
        stops("a", a, 2);
        expect((void), from(top).to(self));
        CHECK(nothing_waits());
      }
    }
    WHEN("a notice about a child that is not known arrives") {
      inject((child_notice), to(top).with(child_notice{.id = "x", .generation = 1, .kind = notice_kind::exited}));
      THEN("nobody is sent anything") {
        CHECK(nothing_waits());
      }
    }
  }
}

// -- kills ------------------------------------------------------------------------------------------------------------

SCENARIO("the actor of a child is killed") {
  GIVEN("two children that run") {
    spawn_running({actor("a"), actor("b")});
    auto old = actor_of("a");
    auto running = actors["a"];
    WHEN("the actor of the first one is killed") {
      caf::anon_send_exit(old, caf::exit_reason::kill);
      expect((caf::exit_msg), to(old).with(because{caf::exit_reason::kill}));
      THEN("it takes along what it runs, and nothing else") {
        expect((caf::exit_msg), to(running).with(because{caf::exit_reason::kill}));
        CHECK_EQ(sched.jobs.size(), 1u); // the supervisor's
      }
      THEN("another one replaces it and starts the child") {
        expect((caf::down_msg), from(old).to(top).with(because{caf::exit_reason::kill}));
        auto replacement = actor_of("a");
        CHECK(replacement != old);
        starts("a", replacement, 2);
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a supervisor is killed") {
  GIVEN("a child that runs") {
    spawn_running({actor("a")});
    auto a = actor_of("a");
    auto running = actors["a"];
    WHEN("the supervisor is killed") {
      caf::anon_send_exit(top, caf::exit_reason::kill);
      expect((caf::exit_msg), to(top));
      expect((caf::down_msg), from(top).to(self).with(because{caf::exit_reason::kill}));
      THEN("the actor of the child ends and kills what it runs") {
        expect((caf::down_msg), from(top).to(a).with(because{caf::exit_reason::kill}));
        expect((caf::exit_msg), to(running).with(because{caf::exit_reason::kill}));
        CHECK(nothing_waits());
      }
    }
  }
}

END_FIXTURE_SCOPE()
