// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// How a control actor stops its peer, and for whom.

#define CAF_SUITE peer.origin.stop

#include "control_fixture.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer::test;
using namespace std::chrono_literals;

using peer::errc;
using peer::kill_atom_v;
using peer::stop_atom_v;
using peer::stop_report;
using peer::stop_step;

namespace {

const auto on_request = caf::error{caf::exit_reason::user_shutdown};

} // namespace

BEGIN_FIXTURE_SCOPE(control_fixture)

// -- a stop on request ------------------------------------------------------------------------------------------------

SCENARIO("a stop is answered when the process has ended") {
  GIVEN("a peer that has 2 seconds to stop") {
    options.shutdown = caf::timespan{2s};
    start_running();
    WHEN("it is to be stopped") {
      inject((peer::stop_atom), from(self).to(control).with(stop_atom_v));
      THEN("it is asked, and there is no answer yet") {
        CHECK_EQ(last_sent(), "{cast,init,stop,[]}");
        CHECK(nothing_waits());
      }
    }
    WHEN("it does not follow") {
      THEN("its process is terminated before its time is over, and killed then") {
        advance_time(1500ms);
        settle();
        CHECK_EQ(peer->signals, std::vector<int>{SIGTERM});
        advance_time(500ms);
        settle();
        CHECK_EQ(peer->signals, (std::vector<int>{SIGTERM, SIGKILL}));
        CHECK(self->mailbox().empty());
      }
    }
    WHEN("the process has been killed") {
      peer->is_killed();
      follows();
      THEN("the answer says so, and the control actor ends normally") {
        auto report = answer<stop_report>();
        CHECK(report.ended_by == stop_step::killed);
        CHECK_EQ(report.status->value, SIGKILL);
        ends_with({});
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("what is left of a peer is in the answer to stop") {
  GIVEN("a peer that is being stopped") {
    start_running();
    inject((peer::stop_atom), from(self).to(control).with(stop_atom_v));
    CHECK(peer->descendants_noted);
    WHEN("its process ends, but not a process that it started") {
      auto left = std::vector<peer::survivor>{{4712, "sleep 1000"}};
      peer->exits(1, left);
      follows();
      THEN("the answer names that") {
        CHECK(answer<stop_report>().survivors == left);
        ends_with({});
      }
    }
  }
}

SCENARIO("a kill is carried out at once and answered when the process has ended") {
  GIVEN("a call of a peer that runs") {
    start_running();
    calls("a");
    WHEN("the peer is to be killed") {
      inject((peer::kill_atom), from(self).to(control).with(kill_atom_v));
      THEN("it is, without being asked, and there is no answer yet") {
        CHECK_EQ(peer->signals, std::vector<int>{SIGKILL});
        CHECK_EQ(peer->channel.sent.size(), 1u); // the call
        CHECK(nothing_waits());
      }
    }
    WHEN("its process has ended") {
      peer->is_killed();
      follows();
      THEN("the call fails, and the answer is a report") {
        expect((caf::error), from(control).to(self).with(errc::exit_status));
        auto report = answer<stop_report>();
        CHECK(report.ended_by == stop_step::killed);
        CHECK_EQ(report.status->value, SIGKILL);
        ends_with({});
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a kill hastens a stop and answers both") {
  GIVEN("a peer that is being stopped and has all the time") {
    options.shutdown = caf::timespan{caf::infinite};
    start_running();
    inject((peer::stop_atom), from(self).to(control).with(stop_atom_v));
    CHECK(peer->signals.empty());
    WHEN("it is to be killed") {
      inject((peer::kill_atom), from(self).to(control).with(kill_atom_v));
      THEN("it is, and both requests are answered after its end") {
        CHECK_EQ(peer->signals, std::vector<int>{SIGKILL});
        CHECK(nothing_waits());
        peer->is_killed();
        follows();
        for (auto i = 0; i < 2; ++i)
          CHECK(answer<stop_report>().ended_by == stop_step::killed);
        ends_with({});
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a kill ends a peer that boots") {
  GIVEN("a request for the boot of a peer") {
    start();
    WHEN("it is killed") {
      inject((peer::kill_atom), from(self).to(control).with(kill_atom_v));
      CHECK_EQ(peer->signals, std::vector<int>{SIGKILL});
      peer->is_killed();
      follows();
      THEN("the boot has failed on request, and the kill is answered") {
        auto why = failure();
        CHECK_EQ(why, errc::boot_failed);
        CHECK(peer::failure_of(why)->first == peer::evidence::request);
        CHECK(answer<stop_report>().ended_by == stop_step::killed);
        ends_with({});
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a kill finds a peer that is down") {
  GIVEN("a peer that has ended, and whose control actor stays") {
    options.peer_down = peer::peer_down::continue_;
    start_running();
    peer->exits(1);
    follows();
    WHEN("it is to be killed") {
      inject((peer::kill_atom), from(self).to(control).with(kill_atom_v));
      THEN("there is nothing to do, and the control actor ends") {
        auto report = answer<stop_report>();
        CHECK(report.ended_by == stop_step::none);
        CHECK_EQ(report.status->value, 1);
        CHECK(peer->signals.empty());
        ends_with({});
      }
    }
  }
}

// -- the end of others ------------------------------------------------------------------------------------------------

SCENARIO("the end of the parent stops the peer and a normal one too") {
  for (auto reason : {caf::error{}, on_request}) {
    GIVEN("a control actor that is linked to its parent") {
      peer = std::make_shared<fake_peer>();
      parent = sys.spawn<caf::lazy_init>([reason](caf::event_based_actor* me) -> caf::behavior {
        return {[me, reason](caf::close_atom) { me->quit(reason); }};
      });
      start_running();
      WHEN("the parent ends") {
        inject((caf::close_atom), to(parent).with(caf::close_atom_v));
        expect((caf::exit_msg), from(parent).to(control).with(because{reason}));
        THEN("the peer is stopped, and its end is that of the control actor, with the reason of the parent") {
          CHECK(peer->channel.closed);
          CHECK(nothing_waits());
          peer->exits(1);
          follows();
          ends_with(reason);
        }
      }
      parent = nullptr;
    }
  }
}

SCENARIO("an exit message stops the peer and a normal one of a stranger is ignored") {
  GIVEN("a peer that runs") {
    start_running();
    WHEN("its control actor gets a normal exit message of a stranger") {
      is_told_to_exit({});
      THEN("nothing happens") {
        CHECK(!peer->channel.closed);
        CHECK(nothing_waits());
      }
    }
    WHEN("it gets another one") {
      is_told_to_exit(on_request);
      THEN("the peer is stopped, and then the control actor ends with that reason") {
        CHECK(peer->channel.closed);
        CHECK(nothing_waits());
        peer->exits(1);
        follows();
        ends_with(on_request);
      }
    }
  }
}

SCENARIO("the kill of a control actor ends its peer without asking") {
  GIVEN("a peer that runs") {
    start_running();
    WHEN("its control actor is killed") {
      is_told_to_exit(caf::exit_reason::kill);
      THEN("neither lives") {
        CHECK(!peer->alive);
        CHECK(peer->channel.sent.empty());
        ends_with(caf::exit_reason::kill);
      }
    }
  }
}

END_FIXTURE_SCOPE()
