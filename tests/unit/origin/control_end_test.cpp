// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// How a peer ends, and who learns of it.

#define CAF_SUITE peer.origin.end

#include "control_fixture.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer::test;
using namespace std::chrono_literals;

using peer::delivery;
using peer::errc;
using peer::get_state_atom_v;
using peer::stop_atom_v;
using peer::stop_report;
using peer::stop_step;

BEGIN_FIXTURE_SCOPE(control_fixture)

// -- a peer that ends by itself ---------------------------------------------------------------------------------------

SCENARIO("every outstanding call is answered once when the peer ends") {
  GIVEN("two calls of a peer whose end is that of its control actor") {
    options.peer_down = peer::peer_down::crash;
    start_running();
    calls("a");
    calls("b", caf::infinite);
    WHEN("its process exits") {
      peer->exits(9);
      CHECK(self->mailbox().empty());
      follows();
      THEN("both calls fail with the exit status, and then the control actor ends with it") {
        expect((caf::error), from(control).to(self).with(errc::exit_status));
        expect((caf::error), from(control).to(self).with(errc::exit_status));
        CHECK_EQ(to_string(peer::to_reason(exit_of_control())), "{exit_status,9}");
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("with the policy stop a control actor ends normally") {
  GIVEN("a peer that runs") {
    start_running();
    WHEN("its process exits with an error") {
      peer->exits(1);
      follows();
      THEN("that is no reason for who monitors its control actor") {
        ends_with({});
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("the policy continue stays and later calls have no connection") {
  GIVEN("a peer that has ended, and whose control actor stays") {
    options.peer_down = peer::peer_down::continue_;
    start_running();
    peer->exits(1);
    follows();
    CHECK(!peer->alive);
    CHECK(nothing_waits());
    WHEN("its state is asked for") {
      inject((peer::get_state_atom), from(self).to(control).with(get_state_atom_v));
      THEN("it is down") {
        auto status = answer<peer::peer_status>();
        CHECK(status.state == peer::peer_state::down);
        CHECK_EQ(status.reason, errc::exit_status);
        CHECK(!status.process_id);
      }
    }
    WHEN("it is called and sent a cast") {
      calls("a");
      inject((peer::cast_request),
             from(self).to(control).with(peer::cast_request{"m", "f", *peer::encode_arguments()}));
      THEN("the call has no connection, and the cast is dropped") {
        expect((caf::error), from(control).to(self).with(errc::noconnection));
        CHECK(nothing_waits());
      }
    }
    WHEN("it is stopped") {
      inject((peer::stop_atom), from(self).to(control).with(stop_atom_v));
      THEN("the answer is that it had ended, and the control actor ends, too") {
        CHECK(answer<stop_report>().ended_by == stop_step::none);
        ends_with({});
      }
    }
  }
}

SCENARIO("the end of the stream is followed by the exit status") {
  GIVEN("a call of a peer whose end is that of its control actor") {
    options.peer_down = peer::peer_down::crash;
    start_running();
    calls("a");
    WHEN("the connection ends") {
      peer->control->on_closed({});
      follows();
      THEN("nobody is told yet: there is one event with all evidence, not two") {
        CHECK(nothing_waits());
      }
    }
    WHEN("the process exits") {
      peer->exits(0);
      follows();
      THEN("the call and the control actor end with the exit status") {
        auto err = failure();
        CHECK_EQ(err, errc::exit_status);
        CHECK_EQ(peer::failure_of(err)->cause, ""); // it simply ended
        ends_with(errc::exit_status);
      }
    }
  }
}

SCENARIO("calls are answered before a process ends that takes its time") {
  GIVEN("a call of a peer that has 8 seconds to end") {
    options.peer_down = peer::peer_down::crash;
    options.shutdown = caf::timespan{8s};
    start_running();
    calls("a", caf::infinite);
    WHEN("the connection ends, and its process does not") {
      peer->control->on_closed({});
      follows();
      advance_time(peer::defaults::exit_grace);
      settle();
      THEN("the call fails, and the process is given its time") {
        expect((caf::error), from(control).to(self).with(errc::connection_closed));
        CHECK(nothing_waits());
        CHECK(peer->signals.empty());
      }
    }
    WHEN("the process exits") {
      peer->exits(3);
      follows();
      THEN("the control actor ends with its status") {
        CHECK_EQ(to_string(peer::to_reason(exit_of_control())), "{exit_status,3}");
      }
    }
  }
}

SCENARIO("a violation of the protocol ends the peer") {
  GIVEN("a peer whose end is that of its control actor") {
    options.peer_down = peer::peer_down::crash;
    start_running();
    WHEN("it says what no peer says") {
      peer->says(peer::tagged("nonsense", 1));
      follows();
      THEN("its connection is closed, and its process killed soon") {
        CHECK(peer->channel.closed);
        advance_time(peer::defaults::exit_grace);
        settle();
        CHECK_EQ(peer->signals, std::vector<int>{SIGKILL});
        CHECK(self->mailbox().empty());
      }
    }
    WHEN("the process has ended") {
      peer->exits(0);
      follows();
      THEN("the reason names what it said") {
        CHECK(peer::describe(exit_of_control()).find("nonsense") != std::string::npos);
      }
    }
  }
}

SCENARIO("the end of a peer tells what was seen first and what is left") {
  GIVEN("a peer whose end is that of its control actor") {
    options.peer_down = peer::peer_down::crash;
    start_running();
    WHEN("its connection ends, and its process, but not a process that it started") {
      peer->control->on_closed({});
      peer->exits(3, {{4712, "sleep 1000"}});
      settle();
      THEN("the reason has all of it") {
        auto reason = exit_of_control();
        auto details = peer::failure_of(reason);
        REQUIRE(details);
        CHECK(details->first == peer::evidence::end_of_stream);
        CHECK_EQ(details->connection, "inherited");
        CHECK_EQ(peer::describe(reason), "peer 'fake' ended while running: exited with status 3; left "
                                         "behind: 4712 (sleep 1000)");
      }
    }
  }
}

SCENARIO("the end of a peer over tcp has the reason that OTP gives it") {
  GIVEN("a peer over TCP whose end is that of its control actor") {
    options.peer_down = peer::peer_down::crash;
    options.connection = peer::tcp{};
    start_running();
    WHEN("its process exits") {
      peer->exits(3);
      follows();
      THEN("the reason is the end of the connection, and has the status, too") {
        auto reason = exit_of_control();
        CHECK_EQ(to_string(peer::to_reason(reason)), "tcp_closed");
        CHECK_EQ(peer::failure_of(reason)->status->value, 3);
      }
    }
  }
}

// -- whether a call was made ------------------------------------------------------------------------------------------

SCENARIO("the end of a peer tells whether it has got a call") {
  GIVEN("a call that the peer has read and one that it has not") {
    options.peer_down = peer::peer_down::crash;
    start_running();
    calls("read");
    peer->channel.stop_reading();
    calls("unread");
    WHEN("it ends") {
      peer->exits(9);
      follows();
      THEN("the first one may have run, and the second one has not") {
        CHECK(peer::delivery_of(failure()) == delivery::unanswered);
        CHECK(peer::delivery_of(failure()) == delivery::not_delivered);
        CHECK(peer::failure_of(exit_of_control())->call == std::nullopt);
      }
    }
  }
}

SCENARIO("a call after the end of the stream has no connection") {
  GIVEN("a call of a peer that is being stopped and has closed its connection") {
    options.shutdown = caf::timespan{2s};
    start_running();
    sends(stop_atom_v);
    calls("a");
    peer->control->on_closed({});
    follows();
    WHEN("it is called") {
      auto sent = peer->channel.sent.size();
      calls("b");
      THEN("the call fails and is not sent") {
        expect((caf::error), from(control).to(self).with(errc::noconnection));
        CHECK_EQ(peer->channel.sent.size(), sent);
      }
    }
    WHEN("its process exits") {
      peer->exits(0);
      follows();
      THEN("the first call may have run") {
        CHECK(peer::delivery_of(failure()) == delivery::unanswered);
      }
    }
  }
}

END_FIXTURE_SCOPE()
