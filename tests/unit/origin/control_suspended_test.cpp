// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// A control actor that OTP's system messages have suspended, or terminate.

#define CAF_SUITE peer.origin.suspended

#include "control_fixture.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer::test;
using namespace std::chrono_literals;

using peer::errc;
using peer::stop_report;
using peer::stop_step;
using peer::term;

namespace {

const auto on_request = caf::error{caf::exit_reason::user_shutdown};

struct fixture : control_fixture {
  /// The control actor is suspended and says so.
  void suspend() {
    sends(peer::sys_suspend_atom_v);
    expect((void), from(control).to(self));
  }

  /// It goes on, with what has waited in its mailbox: `expect` would find that first.
  void resume() {
    caf::anon_send(control, peer::sys_resume_atom_v);
    settle();
  }

  /// It is to exit with that reason.
  void terminate() {
    inject((peer::sys_terminate_atom, caf::error), from(self).to(control).with(peer::sys_terminate_atom_v, on_request));
  }

  /// An entry of its state.
  std::string state(const char* key) {
    ask(peer::sys_get_state_atom_v);
    auto all = answer<term>();
    auto value = all.get_if<peer::erl::map>()->find(peer::atom{key});
    CAF_REQUIRE(value);
    return to_string(*value);
  }
};

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

SCENARIO("a suspended control actor answers system messages only and loses nothing") {
  GIVEN("a suspended control actor and a call of its peer") {
    start_running();
    calls("a");
    suspend();
    CHECK(peer->channel.paused);
    CHECK(peer->paused);
    WHEN("there is another call, and the answer to the first one had been read before") {
      calls("b");
      replies(0, 1);
      THEN("the call is not sent, and the answer not passed on") {
        CHECK_EQ(peer->channel.sent.size(), 1u);
        CHECK(nothing_waits());
      }
    }
    WHEN("it is asked for its state") {
      THEN("it answers") {
        CHECK_EQ(state("seq"), "1");
      }
    }
    WHEN("it goes on") {
      resume();
      THEN("the answer is passed on, and the call sent") {
        CHECK(!peer->channel.paused);
        CHECK(!peer->paused);
        CHECK_EQ(*answer<peer::encoded_term>().as<int>(), 1);
        CHECK_EQ(peer->channel.sent.size(), 2u);
        CHECK(nothing_waits());
      }
    }
  }
}

// -- the end of the peer ----------------------------------------------------------------------------------------------

SCENARIO("what a peer said before its end comes before it although the actor was suspended") {
  GIVEN("a suspended control actor, a call of its peer, and its answer") {
    options.peer_down = peer::peer_down::crash;
    start_running();
    calls("a");
    suspend();
    replies(0, 1);
    WHEN("the peer ends") {
      peer->control->on_closed({});
      peer->exits(7);
      settle();
      THEN("nobody is told") {
        CHECK(nothing_waits());
      }
    }
    WHEN("the actor goes on") {
      resume();
      THEN("the call has its answer, and then the actor ends") {
        CHECK_EQ(*answer<peer::encoded_term>().as<int>(), 1);
        CHECK_EQ(to_string(peer::to_reason(exit_of_control())), "{exit_status,7}");
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("the end of a peer is told when its control actor goes on") {
  GIVEN("a suspended control actor whose peer has ended") {
    options.peer_down = peer::peer_down::crash;
    start_running();
    suspend();
    peer->exits(7);
    settle();
    WHEN("it is asked for its state") {
      THEN("the peer runs, for all that it knows") {
        CHECK_EQ(state("peer_state"), "running");
        CHECK(nothing_waits());
      }
    }
    WHEN("it goes on") {
      resume();
      THEN("it ends as its peer did") {
        CHECK_EQ(to_string(peer::to_reason(exit_of_control())), "{exit_status,7}");
      }
    }
  }
}

SCENARIO("an end that was seen while the actor was suspended counts when its time has passed") {
  GIVEN("a suspended control actor that is stopping its peer") {
    options.shutdown = caf::timespan{2s};
    start_running();
    inject((peer::stop_atom), from(self).to(control).with(peer::stop_atom_v));
    suspend();
    WHEN("the peer ends, and its time passes") {
      peer->exits(0);
      settle();
      advance_time(1500ms);
      settle();
      THEN("the answer to the stop is that it followed") {
        auto report = answer<stop_report>();
        CHECK(report.ended_by == stop_step::asked);
        CHECK(report.status);
      }
    }
  }
}

// -- requests to stop -------------------------------------------------------------------------------------------------

SCENARIO("a suspended control actor follows a stop") {
  GIVEN("a suspended control actor") {
    start_running();
    suspend();
    WHEN("its peer is to be stopped") {
      inject((peer::stop_atom), from(self).to(control).with(peer::stop_atom_v));
      CHECK(peer->channel.closed);
      CHECK(nothing_waits());
      peer->exits(1);
      follows();
      THEN("it is, and the actor ends") {
        CHECK(answer<stop_report>().ended_by == stop_step::closed);
        ends_with({});
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a suspended control actor kills its peer") {
  GIVEN("a suspended control actor") {
    start_running();
    suspend();
    WHEN("its peer is to be killed") {
      inject((peer::kill_atom), from(self).to(control).with(peer::kill_atom_v));
      CHECK_EQ(peer->signals, std::vector<int>{SIGKILL});
      peer->is_killed();
      follows();
      THEN("it is, and the actor ends") {
        CHECK(answer<stop_report>().ended_by == stop_step::killed);
        ends_with({});
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("the end of the parent stops the peer of a suspended control actor") {
  GIVEN("a suspended control actor that is linked to its parent") {
    parent = sys.spawn<caf::lazy_init>(
        [](caf::event_based_actor* me) -> caf::behavior { return {[me](caf::close_atom) { me->quit(on_request); }}; });
    start_running();
    suspend();
    WHEN("the parent ends") {
      inject((caf::close_atom), to(parent).with(caf::close_atom_v));
      expect((caf::exit_msg), from(parent).to(control).with(because{on_request}));
      THEN("the peer is stopped, and the actor ends with the reason of the parent") {
        CHECK(peer->channel.closed);
        peer->exits(1);
        follows();
        ends_with(on_request);
      }
    }
    parent = nullptr;
  }
}

// -- terminate --------------------------------------------------------------------------------------------------------

SCENARIO("terminate stops the peer and exits with the reason") {
  for (auto suspended : {false, true}) {
    GIVEN("a peer that runs") {
      peer = std::make_shared<fake_peer>();
      start_running();
      if (suspended)
        suspend();
      WHEN("its control actor is to terminate, suspended or not") {
        terminate();
        THEN("the peer is stopped, and then the actor ends") {
          CHECK(peer->channel.closed);
          CHECK(nothing_waits());
          peer->exits(1);
          follows();
          ends_with(on_request);
          CHECK(nothing_waits());
        }
      }
    }
  }
}

SCENARIO("a suspended control actor whose peer is down can be terminated") {
  GIVEN("a suspended control actor that has stayed after the end of its peer") {
    options.peer_down = peer::peer_down::continue_;
    start_running();
    peer->exits(1);
    follows();
    suspend();
    WHEN("it is to terminate") {
      terminate();
      THEN("it ends") {
        ends_with(on_request);
      }
    }
  }
}

SCENARIO("a control actor that was terminated before its peer started is gone") {
  GIVEN("a suspended control actor whose peer could not be started") {
    options.wait_boot = peer::no_wait{};
    launch_error = peer::internal::process::system_failure("cannot execute 'fake'", ENOENT);
    options.peer_down = peer::peer_down::continue_;
    start();
    CHECK_EQ(failure(), errc::boot_failed); // of await_boot
    CHECK_EQ(state("phase"), "spawn");
    suspend();
    WHEN("it is to terminate") {
      terminate();
      THEN("it ends") {
        ends_with(on_request);
      }
    }
  }
}

END_FIXTURE_SCOPE()
