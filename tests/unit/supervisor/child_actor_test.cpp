// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What the actor of a child sends to its supervisor, and to what runs as the child.

#define CAF_SUITE peer.supervisor.child

#include "child_fixture.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer;
using namespace peer::test;
using namespace std::chrono_literals;

namespace {

const auto crash = caf::error{caf::sec::runtime_error};
const auto on_request = caf::error{caf::exit_reason::user_shutdown};
const auto by_kill = caf::error{caf::exit_reason::kill};

struct fixture : child_fixture {
  ~fixture() {
    if (oracle)
      caf::anon_send_exit(oracle, caf::exit_reason::kill);
  }

  /// An actor that says when it is ready, within 10 seconds.
  child_spec slow_actor(std::string id) {
    auto result = actor(std::move(id));
    result.ready = says_ready{.within = 10s};
    return result;
  }

  /// An actor that passes calls on to `oracle`, which answers true, and is asked until the answer is true.
  child_spec probed_actor(std::string id) {
    oracle = sys.spawn<caf::lazy_init>([]() -> caf::behavior {
      return {[](const call_request&) -> caf::result<encoded_term> {
        auto result = encoded_term{};
        if (auto err = save_term(result.bytes, atom{"true"}))
          return err;
        return result;
      }};
    });
    auto make = [this, id](const child_context&) -> caf::expected<caf::actor> {
      return actors[id] = sys.spawn<caf::lazy_init>([this](caf::event_based_actor* me) -> caf::behavior {
        return {[this, me](call_request& x) { return me->delegate(oracle, std::move(x)); }};
      });
    };
    return {.id = id,
            .start = actor_factory{make},
            .ready = ready_probe{.module = "m", .function = "up", .expected = term{atom{"true"}}, .interval = 1s}};
  }

  caf::actor oracle;
};

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

// -- starts -----------------------------------------------------------------------------------------------------------

SCENARIO("an actor is ready when it has been made") {
  GIVEN("the actor of a child that is an actor") {
    make(actor("a"));
    CHECK(nothing_waits());
    WHEN("its start is ordered") {
      order_start(1);
      THEN("it is made, and the supervisor gets two notices") {
        CHECK(actors.contains("a"));
        expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::started}));
        expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::ready}));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a peer is ready when it has booted") {
  GIVEN("the actor of a child that is a peer") {
    make(peer_child("p"));
    WHEN("its start is ordered") {
      order_start(1);
      THEN("it starts a control actor and waits for the boot") {
        control = control_of_child();
        expect((await_boot_atom), from(child).to(control));
        CHECK(peers["p"]->alive);
        CHECK(nothing_waits());
      }
    }
    WHEN("the peer has booted") {
      peers["p"]->started();
      THEN("the supervisor learns its process id, and that it is ready") {
        expect((peer_status), from(control).to(child));
        self->receive([](const child_notice& x) {
          CHECK(x == (notice_of{"p", 1, notice_kind::started}));
          CHECK(x.process_id == 4711);
        });
        expect((child_notice), to(self).with(notice_of{"p", 1, notice_kind::ready}));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a peer that does not boot has failed to start once") {
  GIVEN("a peer that boots") {
    make(peer_child("p"));
    order_start(1);
    control = control_of_child();
    expect((await_boot_atom), from(child).to(control));
    WHEN("its process exits") {
      peer_exits(1);
      THEN("the request for the boot fails, which says nothing about the end of its process") {
        expect((caf::error), from(control).to(child).with(errc::boot_failed));
        CHECK(self->mailbox().empty());
      }
      THEN("the supervisor gets one notice when the control actor has ended") {
        expect((caf::down_msg), from(control).to(child));
        expect((child_notice), to(self).with(notice_of{"p", 1, notice_kind::start_failed, errc::boot_failed}));
        CHECK(nothing_waits());
      }
    }
  }
}

// -- readiness --------------------------------------------------------------------------------------------------------

SCENARIO("an actor says when it is ready") {
  GIVEN("an actor that has started") {
    make(slow_actor("a"));
    order_start(1);
    expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::started}));
    CHECK(nothing_waits());
    WHEN("it says so") {
      inject((ready_atom, std::uint64_t), from(actors["a"]).to(child).with(ready_atom_v, std::uint64_t{1}));
      THEN("it is ready") {
        expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::ready}));
      }
    }
    WHEN("it says so again, and its time passes") {
      inject((ready_atom, std::uint64_t), from(actors["a"]).to(child).with(ready_atom_v, std::uint64_t{1}));
      advance_time(10s);
      THEN("nothing happens") {
        CHECK(nothing_waits());
      }
    }
    WHEN("it ends and is started again") {
      ends(actors["a"]);
      expect((caf::down_msg), to(child).with(because{crash}));
      expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::exited, crash}));
      order_start(2);
      expect((child_notice), to(self).with(notice_of{"a", 2, notice_kind::started}));
      THEN("a word of its first generation counts no longer") {
        inject((ready_atom, std::uint64_t), from(self).to(child).with(ready_atom_v, std::uint64_t{1}));
        CHECK(nothing_waits());
        inject((ready_atom, std::uint64_t), from(actors["a"]).to(child).with(ready_atom_v, std::uint64_t{2}));
        expect((child_notice), to(self).with(notice_of{"a", 2, notice_kind::ready}));
      }
    }
  }
}

SCENARIO("an actor that does not become ready in time is killed") {
  GIVEN("an actor that has 10 seconds") {
    make(slow_actor("a"));
    order_start(1);
    expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::started}));
    WHEN("they have passed") {
      advance_time(10s - 1ns);
      CHECK(nothing_waits());
      advance_time(1ns);
      expect((caf::action), to(child));
      THEN("it is killed, and a word of it comes too late") {
        inject((ready_atom, std::uint64_t), from(self).to(child).with(ready_atom_v, std::uint64_t{1}));
        CHECK(self->mailbox().empty());
        expect((caf::exit_msg), to(actors["a"]).with(because{by_kill}));
      }
      THEN("the start has failed when it has ended") {
        expect((caf::down_msg), from(actors["a"]).to(child).with(because{by_kill}));
        expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::start_failed, errc::timeout}));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a peer says when it is ready") {
  GIVEN("a peer that runs") {
    auto what = peer_child("p");
    what.ready = says_ready{};
    make(what);
    start_peer(1);
    WHEN("its control actor is asked to report the readiness") {
      expect((await_ready_atom), from(child).to(control));
      THEN("nothing happens") {
        CHECK(nothing_waits());
      }
    }
    WHEN("the peer says so") {
      peers["p"]->says(tagged("io_request", pid{atom{"nonode@nohost"}, 9, 0, 0}, 77, atom{"ready"}));
      THEN("it is ready") {
        expect((void), from(control).to(child));
        expect((child_notice), to(self).with(notice_of{"p", 1, notice_kind::ready}));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a peer is called until it answers what means ready") {
  GIVEN("a peer that runs and is called every second") {
    auto what = peer_child("p");
    what.ready = ready_probe{.module = "m", .function = "up", .expected = term{atom{"true"}}, .interval = 1s};
    make(what);
    start_peer(1);
    expect((call_request), from(child).to(control));
    CHECK_EQ(to_string(peers["p"]->channel.sent.back()), "{call,0,m,up,[]}");
    WHEN("it answers something else") {
      peers["p"]->says(tagged("reply", 0, atom{"ok"}, atom{"false"}));
      expect((encoded_term), from(control).to(child));
      THEN("it is called again after a second") {
        advance_time(1s - 1ns);
        CHECK(nothing_waits());
        advance_time(1ns);
        expect((caf::action), to(child));
        expect((call_request), from(child).to(control));
        CHECK_EQ(to_string(peers["p"]->channel.sent.back()), "{call,1,m,up,[]}");
      }
    }
    WHEN("it answers what was expected") {
      peers["p"]->says(tagged("reply", 1, atom{"ok"}, atom{"true"}));
      expect((encoded_term), from(control).to(child));
      THEN("it is ready, and is not called again") {
        expect((child_notice), to(self).with(notice_of{"p", 1, notice_kind::ready}));
        advance_time(1s);
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("an answer to an earlier generation means nothing") {
  GIVEN("an actor that ended before somebody else answers the question for it") {
    make(probed_actor("a"));
    order_start(1);
    expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::started}));
    expect((call_request), from(child).to(actors["a"])); // the oracle has the question
    ends(actors["a"]);
    expect((caf::down_msg), from(actors["a"]).to(child));
    expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::start_failed, crash}));
    WHEN("the answer arrives in the next generation") {
      order_start(2);
      expect((child_notice), to(self).with(notice_of{"a", 2, notice_kind::started}));
      expect((call_request), from(child).to(oracle));
      expect((encoded_term), from(oracle).to(child));
      THEN("that is not ready") {
        CHECK(self->mailbox().empty());
      }
    }
    WHEN("its own answer arrives") {
      expect((call_request), from(child).to(actors["a"]));
      expect((call_request), from(child).to(oracle));
      expect((encoded_term), from(oracle).to(child));
      THEN("it is ready") {
        expect((child_notice), to(self).with(notice_of{"a", 2, notice_kind::ready}));
        CHECK(nothing_waits());
      }
    }
  }
}

// -- stops ------------------------------------------------------------------------------------------------------------

SCENARIO("an actor is stopped by an exit message") {
  GIVEN("an actor that runs") {
    make_running(actor("a"));
    WHEN("its stop is ordered") {
      order_stop(1);
      THEN("it is told to exit, and the supervisor learns its reason") {
        expect((caf::exit_msg), to(actors["a"]).with(because{on_request}));
        CHECK(self->mailbox().empty());
        expect((caf::down_msg), from(actors["a"]).to(child).with(because{on_request}));
        expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::stopped, on_request}));
      }
    }
    WHEN("the stop is ordered although nothing runs") {
      order_stop(1);
      THEN("the answer has the reason of the end") {
        expect((child_notice), to(self).with(notice_of{"a", 1, notice_kind::stopped, on_request}));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a peer is stopped by its control actor") {
  GIVEN("a peer that runs and has 2 seconds to stop") {
    auto what = peer_child("p");
    what.shutdown = caf::timespan{2s};
    make_running_peer(what);
    WHEN("its stop is ordered") {
      order_stop(1);
      THEN("its control actor is asked to stop it") {
        expect((stop_atom), to(control));
        CHECK(self->mailbox().empty());
      }
    }
    WHEN("its process exits") {
      peer_exits(0);
      THEN("the control actor ends normally, since it was asked to, and so has the child") {
        expect((caf::down_msg), from(control).to(child));
        expect((child_notice), to(self).with(notice_of{"p", 1, notice_kind::stopped}));
      }
    }
    WHEN("the time for the stop has passed") {
      advance_time(2s);
      THEN("nobody is killed") {
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a peer that does not stop in time is killed by its control actor") {
  GIVEN("a peer that is being stopped") {
    auto what = peer_child("p");
    what.shutdown = caf::timespan{2s};
    std::get<start_options>(what.start).shutdown = shutdown_halt{caf::timespan{10s}};
    make_running_peer(what);
    order_stop(1);
    expect((stop_atom), to(control));
    WHEN("its 2 seconds have passed") {
      advance_time(2s);
      expect((caf::action), to(child));
      THEN("its control actor is told to kill it, and ends after the process") {
        expect((kill_atom), to(control));
        CHECK_EQ(peers["p"]->signals.back(), SIGKILL);
        CHECK(self->mailbox().empty());
        peers["p"]->is_killed();
        expect((internal::base::poke_atom), to(control));
        expect((caf::down_msg), from(control).to(child));
        expect((child_notice), to(self).with(notice_of{"p", 1, notice_kind::stopped}));
      }
    }
  }
}

SCENARIO("a peer with brutal_kill is killed at once") {
  GIVEN("such a peer that runs") {
    auto what = peer_child("p");
    what.shutdown = brutal_kill{};
    make_running_peer(what);
    WHEN("its stop is ordered") {
      order_stop(1);
      THEN("its control actor is told to kill it, and is not asked to stop it") {
        disallow((stop_atom), to(control));
        expect((kill_atom), to(control));
        CHECK_EQ(peers["p"]->signals, std::vector<int>{SIGKILL});
        CHECK(nothing_waits());
      }
    }
    WHEN("the process has been killed") {
      peers["p"]->is_killed();
      expect((internal::base::poke_atom), to(control));
      THEN("it has been stopped") {
        expect((caf::down_msg), from(control).to(child));
        expect((child_notice), to(self).with(notice_of{"p", 1, notice_kind::stopped}));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a peer is stopped while it boots") {
  GIVEN("a peer that boots") {
    make(peer_child("p"));
    order_start(1);
    control = control_of_child();
    expect((await_boot_atom), from(child).to(control));
    WHEN("its stop is ordered, and its process exits") {
      order_stop(1);
      expect((stop_atom), to(control));
      peer_exits(1);
      THEN("the failed boot is not reported") {
        expect((caf::error), from(control).to(child).with(errc::boot_failed));
        CHECK(self->mailbox().empty());
      }
      THEN("the end is that of a stop") {
        expect((caf::down_msg), from(control).to(child));
        expect((child_notice), to(self).with(notice_of{"p", 1, notice_kind::stopped}));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("only its supervisor ends the actor of a child") {
  GIVEN("an actor that runs") {
    make_running(actor("a"));
    WHEN("somebody sends its actor an exit message") {
      inject((caf::exit_msg), from(self).to(child).with(caf::exit_msg{self->address(), crash}));
      THEN("nothing happens") {
        CHECK(nothing_waits());
      }
    }
    WHEN("the spec of the child is deleted") {
      self->monitor(child);
      inject((internal::base::forget_atom), from(self).to(child).with(internal::base::forget_atom_v));
      THEN("it ends and kills what still runs") {
        expect((caf::down_msg), from(child).to(self).with(because{}));
        expect((caf::exit_msg), to(actors["a"]).with(because{by_kill}));
        CHECK(nothing_waits());
      }
    }
  }
}

END_FIXTURE_SCOPE()
