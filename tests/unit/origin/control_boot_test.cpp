// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// How a peer boots, and who learns of it.

#define CAF_SUITE peer.origin.boot

#include "control_fixture.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer::test;
using namespace std::chrono_literals;

using peer::await_boot_atom_v;
using peer::errc;
using peer::get_state_atom_v;
using peer::peer_state;
using peer::peer_status;

namespace {

struct fixture : control_fixture {
  /// Makes a control actor of which `self` asks the boot. It runs for that message only.
  void spawn_and_ask() {
    spawn();
    inject((peer::await_boot_atom), from(self).to(control).with(await_boot_atom_v));
  }

  peer_status state() {
    inject((peer::get_state_atom), from(self).to(control).with(get_state_atom_v));
    return answer<peer_status>();
  }
};

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

SCENARIO("a peer boots") {
  GIVEN("a control actor that has not run yet") {
    spawn();
    CHECK(!peer->alive);
    WHEN("its boot is asked for") {
      inject((peer::await_boot_atom), from(self).to(control).with(await_boot_atom_v));
      THEN("the process is started, and the request waits") {
        CHECK(peer->alive);
        CHECK(nothing_waits());
        auto status = state();
        CHECK(status.state == peer_state::booting);
        CHECK(status.process_id == 4711);
      }
    }
    WHEN("the peer says that it has started") {
      peer->started();
      THEN("the request is answered") {
        auto status = answer<peer_status>();
        CHECK(status.state == peer_state::running);
        CHECK_EQ(status.node, peer::atom{"nonode@nohost"});
        CHECK(status.process_id == 4711);
        CHECK(state().state == peer_state::running);
      }
    }
    WHEN("the boot is asked for again") {
      inject((peer::await_boot_atom), from(self).to(control).with(await_boot_atom_v));
      THEN("the answer comes at once, and nothing is started") {
        CHECK(answer<peer_status>().state == peer_state::running);
        CHECK(peer->channel.sent.empty());
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a program that cannot be started fails in the phase spawn") {
  GIVEN("a program that does not exist") {
    launch_error = peer::internal::process::system_failure("cannot execute 'fake'", ENOENT);
    WHEN("its boot is asked for") {
      spawn_and_ask();
      THEN("the answer is the reason, and the control actor ends normally") {
        auto err = failure();
        CHECK_EQ(to_string(peer::to_reason(err)), "{boot_failed,enoent}");
        CHECK(peer::failure_of(err)->first == peer::evidence::not_started);
        CHECK_EQ(err, errc::boot_failed);
        REQUIRE(peer::failure_of(err));
        CHECK(peer::failure_of(err)->at == peer::phase::spawn);
        CHECK(peer::describe(err).find("No such file") != std::string::npos);
        ends_with({});
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a peer that exits while it boots is reported with status and last words") {
  GIVEN("a peer that boots and has written to stderr") {
    spawn_and_ask();
    peer->control->on_stderr(peer::detail::as_byte_span("cannot read config\nbye"));
    WHEN("its process exits") {
      peer->exits(7);
      follows();
      THEN("the error has the status and the lines") {
        auto err = failure();
        CHECK_EQ(err, errc::boot_failed);
        auto details = peer::failure_of(err);
        REQUIRE(details);
        CHECK(details->at == peer::phase::boot);
        CHECK_EQ(details->status->value, 7);
        CHECK_EQ(details->last_words, (std::vector<std::string>{"cannot read config", "bye"}));
        CHECK_EQ(to_string(peer::to_reason(err)), "{boot_failed,{exit_status,7}}");
      }
    }
  }
}

SCENARIO("a peer that does not boot in time is killed and the error says so") {
  GIVEN("a peer that has 300 ms to boot") {
    options.wait_boot = caf::timespan{300ms};
    spawn_and_ask();
    WHEN("they have passed") {
      advance_time(300ms);
      settle();
      THEN("its connection is closed, and its process killed soon") {
        CHECK(peer->channel.closed);
        advance_time(peer::defaults::exit_grace);
        settle();
        CHECK_EQ(peer->signals, std::vector<int>{SIGKILL});
        CHECK(self->mailbox().empty());
      }
    }
    WHEN("the process has been killed") {
      peer->is_killed();
      follows();
      THEN("the request is answered with the time") {
        auto err = failure();
        CHECK_EQ(err, errc::boot_failed);
        CHECK(peer::failure_of(err)->cause.find("300ms") != std::string::npos);
        CHECK_EQ(to_string(peer::to_reason(err)), "timeout");
      }
    }
  }
}

SCENARIO("a boot that nobody waits for has a limit") {
  GIVEN("a peer that boots without being asked") {
    options.wait_boot = peer::no_wait{};
    spawn();
    settle();
    CHECK(peer->alive);
    WHEN("the time has passed") {
      advance_time(peer::defaults::boot_limit);
      settle();
      THEN("its connection is closed") {
        CHECK(peer->channel.closed);
      }
    }
  }
}

SCENARIO("a connection that comes about is a phase of the boot") {
  GIVEN("a peer over TCP that has connected") {
    options.connection = peer::tcp{};
    spawn_and_ask();
    peer->control->on_connected();
    WHEN("its process exits") {
      peer->exits(1);
      follows();
      THEN("the error tells that phase") {
        auto err = failure();
        CHECK(peer::failure_of(err)->at == peer::phase::connected);
        CHECK_EQ(to_string(peer::to_reason(err)), "{boot_failed,{exit_status,1}}");
      }
    }
  }
}

// -- receivers of a notice --------------------------------------------------------------------------------------------

SCENARIO("a receiver is notified of the boot") {
  GIVEN("a peer that boots without being asked") {
    options.wait_boot = peer::notify{caf::actor_cast<caf::actor>(self), peer::atom{"tag"}};
    spawn();
    settle();
    CHECK(nothing_waits());
    WHEN("it has booted") {
      peer->started();
      THEN("the receiver gets its tag and the node") {
        auto notice = answer<peer::start_notice>();
        CHECK_EQ(notice.tag, peer::term{peer::atom{"tag"}});
        CHECK_EQ(notice.node, peer::atom{"nonode@nohost"});
        CHECK(!notice.reason);
        CHECK_EQ(notice.control, control.address());
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a receiver is notified of a boot that failed and only once") {
  GIVEN("a peer that boots, and a request for its boot besides") {
    options.wait_boot = peer::notify{caf::actor_cast<caf::actor>(self), 1};
    spawn_and_ask();
    WHEN("its process exits") {
      peer->exits(1);
      follows();
      THEN("the notice has the error, and so has the answer to the request") {
        self->receive([](const peer::start_notice& x) { CHECK_EQ(x.reason, errc::boot_failed); });
        expect((caf::error), from(control).to(self).with(errc::boot_failed));
        ends_with({});
        CHECK(nothing_waits());
      }
    }
  }
}

// -- the text of the error --------------------------------------------------------------------------------------------

CAF_TEST(a boot that failed tells what is known about the connection) {
  peer->boot_report = "it never connected";
  start();
  peer->exits(7);
  settle();
  auto err = failure();
  CHECK_EQ(peer::describe(err), "peer 'fake' ended before it had booted: it never connected; the process exited "
                                "with status 7");
  CHECK_EQ(to_string(peer::to_reason(err)), "{boot_failed,{exit_status,7}}");
}

CAF_TEST(the cause of a failed boot comes before what is known about the connection) {
  peer->boot_report = "it never connected";
  options.wait_boot = caf::timespan{300ms};
  start();
  advance_time(300ms);
  settle();
  peer->exits(0);
  settle();
  auto err = failure();
  REQUIRE(peer::failure_of(err));
  CHECK_EQ(peer::failure_of(err)->cause, "it did not report its start within 300ms; it never connected");
}

END_FIXTURE_SCOPE()
