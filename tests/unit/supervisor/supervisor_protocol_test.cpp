// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// How a supervisor starts and stops its children, message by message.

#define CAF_SUITE peer.supervisor.protocol

#include "protocol_fixture.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer;
using namespace peer::test;
using namespace std::chrono_literals;

BEGIN_FIXTURE_SCOPE(protocol_fixture)

// -- starts -----------------------------------------------------------------------------------------------------------

SCENARIO("children are started one by one in their order") {
  GIVEN("a supervisor of three children that has not run yet") {
    spawn({actor("a"), actor("b"), actor("c")});
    auto a = actor_of("a");
    auto b = actor_of("b");
    auto c = actor_of("c");
    WHEN("it is asked to report its boot") {
      sends(top, await_boot_atom_v);
      THEN("each child is started when the one before it is ready, and then the answer comes") {
        disallow((start_order), to(b));
        expect((start_order), to(a).with(order_of{1}));
        expect((child_notice), to(top).with(notice_of{"a", 1, notice_kind::started}));
        disallow((start_order), to(b));
        expect((child_notice), to(top).with(notice_of{"a", 1, notice_kind::ready}));
        disallow((start_order), to(c));
        starts("b", b, 1);
        CHECK(self->mailbox().empty());
        starts("c", c, 1);
        expect((void), from(top).to(self));
        CHECK(nothing_waits());
      }
    }
    WHEN("it is asked again") {
      sends(top, await_boot_atom_v);
      THEN("the answer comes at once") {
        expect((void), from(top).to(self));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a start that fails stops what was started before it") {
  GIVEN("a supervisor of three children, of which the second does not start") {
    spawn({actor("a"), failing_actor("b"), actor("c")});
    auto a = actor_of("a");
    auto b = actor_of("b");
    auto c = actor_of("c");
    sends(top, await_boot_atom_v);
    WHEN("it boots") {
      starts("a", a, 1);
      expect((start_order), to(b).with(order_of{1}));
      expect((child_notice), to(top).with(notice_of{"b", 1, notice_kind::start_failed, crash_reason}));
      THEN("the first child is stopped and the third one is not started") {
        disallow((start_order), to(c));
        stops("a", a, 1);
        disallow((start_order), to(c));
      }
      THEN("the supervisor ends with the error that answers the request") {
        expect((caf::error), from(top).to(self).with(errc::failed_to_start_child));
        expect((caf::down_msg), from(top).to(self).with(because{errc::failed_to_start_child}));
      }
      THEN("the actors of the children end with it") {
        for (auto& child : {a, b, c})
          expect((caf::down_msg), from(top).to(child).with(because{errc::failed_to_start_child}));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a request waits until a child has started") {
  GIVEN("a supervisor that is starting a child which has not said that it is ready") {
    auto slow = actor("a");
    slow.ready = says_ready{};
    spawn({slow});
    auto a = actor_of("a");
    expect((start_order), to(a).with(order_of{1}));
    expect((child_notice), to(top).with(notice_of{"a", 1, notice_kind::started}));
    WHEN("it is asked to terminate that child") {
      sends(top, terminate_child_atom_v, std::string{"a"});
      THEN("nothing happens") {
        CHECK(nothing_waits());
      }
    }
    WHEN("the child is ready") {
      inject((ready_atom, std::uint64_t), from(self).to(a).with(ready_atom_v, std::uint64_t{1}));
      expect((child_notice), to(top).with(notice_of{"a", 1, notice_kind::ready}));
      THEN("it is stopped, and the answer comes") {
        stops("a", a, 1);
        expect((void), from(top).to(self));
        CHECK(nothing_waits());
      }
    }
  }
}

// -- stops ------------------------------------------------------------------------------------------------------------

SCENARIO("children are stopped one by one in the reverse order") {
  GIVEN("a supervisor of three children that run") {
    spawn_running({actor("a"), actor("b"), actor("c")});
    auto a = actor_of("a");
    auto b = actor_of("b");
    auto c = actor_of("c");
    WHEN("it is stopped") {
      sends(top, stop_atom_v);
      THEN("each child is stopped when the one behind it has ended, and then the answer comes") {
        disallow((stop_atom, std::uint64_t), to(b));
        stops("c", c, 1);
        disallow((stop_atom, std::uint64_t), to(a));
        stops("b", b, 1);
        CHECK(self->mailbox().empty());
        stops("a", a, 1);
        expect((void), from(top).to(self));
        expect((caf::down_msg), from(top).to(self).with(because{}));
      }
      THEN("the actors of the children end with it") {
        for (auto& child : {a, b, c})
          expect((caf::down_msg), from(top).to(child).with(because{}));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a child that does not stop in time is killed") {
  GIVEN("a child that ignores the request to exit") {
    auto spec = stubborn_actor("a");
    spec.shutdown = caf::timespan{2s};
    spawn_running({spec});
    auto a = actor_of("a");
    auto running = actors["a"];
    sends(top, stop_atom_v);
    expect((stop_atom, std::uint64_t), to(a).with(_, 1u));
    expect((caf::exit_msg), to(running).with(because{on_request}));
    WHEN("its time is not over") {
      advance_time(2s - 1ns);
      THEN("it is not killed") {
        CHECK(nothing_waits());
      }
    }
    WHEN("its time is over") {
      advance_time(1ns);
      THEN("it is killed, and the supervisor ends as if it had stopped") {
        expect((caf::action), to(a));
        expect((caf::exit_msg), to(running).with(because{caf::exit_reason::kill}));
        expect((caf::down_msg), from(running).to(a).with(because{caf::exit_reason::kill}));
        expect((child_notice), to(top).with(notice_of{"a", 1, notice_kind::stopped, caf::exit_reason::kill}));
        expect((void), from(top).to(self));
        expect((caf::down_msg), from(top).to(self).with(because{}));
      }
    }
  }
}

SCENARIO("a child with brutal_kill is not asked") {
  GIVEN("such a child, which would ignore it") {
    auto spec = stubborn_actor("a");
    spec.shutdown = brutal_kill{};
    spawn_running({spec});
    auto a = actor_of("a");
    WHEN("its supervisor is stopped") {
      sends(top, stop_atom_v);
      expect((stop_atom, std::uint64_t), to(a).with(_, 1u));
      THEN("it is killed at once") {
        expect((caf::exit_msg), to(actors["a"]).with(because{caf::exit_reason::kill}));
        expect((caf::down_msg), from(actors["a"]).to(a));
        expect((child_notice), to(top).with(notice_of{"a", 1, notice_kind::stopped, caf::exit_reason::kill}));
        expect((void), from(top).to(self));
      }
    }
  }
}

SCENARIO("a child ends by itself while it is being stopped") {
  GIVEN("a child that is told to stop when it has just ended") {
    spawn_running({actor("a")});
    auto a = actor_of("a");
    ends(actors["a"]);
    sends(top, terminate_child_atom_v, std::string{"a"});
    WHEN("its actor sees the end first") {
      expect((caf::down_msg), from(actors["a"]).to(a).with(because{crash_reason}));
      expect((child_notice), to(top).with(notice_of{"a", 1, notice_kind::exited, crash_reason}));
      THEN("the child is not restarted") {
        disallow((start_order), to(a));
        CHECK(self->mailbox().empty());
      }
      THEN("it has been stopped when its actor says so, with its own reason") {
        expect((stop_atom, std::uint64_t), to(a).with(_, 1u));
        expect((child_notice), to(top).with(notice_of{"a", 1, notice_kind::stopped, crash_reason}));
        expect((void), from(top).to(self));
        CHECK(nothing_waits());
      }
    }
  }
  GIVEN("a child that ends of itself after it was told to stop") {
    auto added = stubborn_actor("b");
    added.shutdown = caf::timespan{2s};
    sends(top, start_child_atom_v, added);
    auto b = actor_of("b");
    starts("b", b, 1);
    expect((child_info), from(top).to(self));
    sends(top, terminate_child_atom_v, std::string{"b"});
    expect((stop_atom, std::uint64_t), to(b).with(_, 1u));
    expect((caf::exit_msg), to(actors["b"]).with(because{on_request}));
    WHEN("it ends") {
      caf::anon_send_exit(actors["b"], caf::exit_reason::kill);
      expect((caf::exit_msg), to(actors["b"]));
      THEN("it has been stopped") {
        expect((caf::down_msg), from(actors["b"]).to(b));
        expect((child_notice), to(top).with(notice_of{"b", 1, notice_kind::stopped, caf::exit_reason::kill}));
        expect((void), from(top).to(self));
      }
    }
    WHEN("the time for its stop passes") {
      advance_time(2s);
      THEN("nobody is killed") {
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("the spec of a child is deleted") {
  GIVEN("a child that was terminated") {
    spawn_running({actor("a")});
    auto a = actor_of("a");
    sends(top, terminate_child_atom_v, std::string{"a"});
    stops("a", a, 1);
    expect((void), from(top).to(self));
    WHEN("its spec is deleted") {
      sends(top, delete_child_atom_v, std::string{"a"});
      THEN("its actor is told so and ends, of which the supervisor is not told") {
        expect((void), from(top).to(self));
        expect((internal::base::forget_atom), to(a));
        CHECK(nothing_waits());
      }
    }
  }
}

// -- the end of others ------------------------------------------------------------------------------------------------

SCENARIO("the end of its parent stops a supervisor") {
  for (auto reason : {caf::error{}, on_request, crash_reason}) {
    GIVEN("a supervisor that is linked to its parent") {
      parent = sys.spawn<caf::lazy_init>([reason](caf::event_based_actor* me) -> caf::behavior {
        return {[me, reason](caf::close_atom) { me->quit(reason); }};
      });
      spawn_running({actor("a")});
      auto a = actor_of("a");
      WHEN("the parent ends, be it normally") {
        inject((caf::close_atom), to(parent).with(caf::close_atom_v));
        expect((caf::exit_msg), from(parent).to(top).with(because{reason}));
        THEN("the child is stopped, and the supervisor ends with the same reason") {
          stops("a", a, 1);
          expect((caf::down_msg), from(top).to(self).with(because{reason}));
          expect((caf::down_msg), from(top).to(a));
          CHECK(nothing_waits());
        }
      }
    }
  }
}

SCENARIO("the end of a supervisor ends its parent") {
  GIVEN("a supervisor that restarts nothing and is linked to its parent") {
    parent = sys.spawn<caf::lazy_init>([]() -> caf::behavior { return {[](int) {}}; });
    self->monitor(parent);
    spawn_running({actor("a")}, {.intensity = 0});
    auto a = actor_of("a");
    WHEN("its child ends with an error") {
      crashes("a", a, 1);
      THEN("it ends, and so does the parent") {
        expect((caf::down_msg), from(top).to(self).with(because{on_request}));
        expect((caf::exit_msg), from(top).to(parent).with(because{on_request}));
        expect((caf::down_msg), from(parent).to(self).with(because{on_request}));
      }
    }
  }
}

SCENARIO("an exit message of a stranger stops a supervisor unless it is normal") {
  GIVEN("a supervisor whose child runs") {
    spawn_running({actor("a")});
    auto a = actor_of("a");
    WHEN("it gets a normal exit message") {
      inject((caf::exit_msg), from(self).to(top).with(caf::exit_msg{self->address(), {}}));
      THEN("nothing happens") {
        CHECK(nothing_waits());
      }
    }
    WHEN("it gets another one") {
      inject((caf::exit_msg), from(self).to(top).with(caf::exit_msg{self->address(), crash_reason}));
      THEN("the child is stopped, and the supervisor ends with that reason") {
        stops("a", a, 1);
        expect((caf::down_msg), from(top).to(self).with(because{crash_reason}));
      }
    }
  }
}

END_FIXTURE_SCOPE()
