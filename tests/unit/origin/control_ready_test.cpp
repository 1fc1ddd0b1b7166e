// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// A peer that says that it is ready, and who waits for that.

#define CAF_SUITE peer.origin.ready

#include "control_fixture.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer::test;

using peer::await_ready_atom_v;
using peer::errc;

namespace {

struct fixture : control_fixture {
  void says_ready() {
    peer->says(peer::tagged("io_request", peer::pid{peer::atom{"nonode@nohost"}, 9, 0, 0}, 77, peer::atom{"ready"}));
  }

  /// The error in the answer to `self`, with its details.
  caf::error failed(auto& waiter) {
    auto result = caf::error{};
    waiter.receive([] { CAF_FAIL("the peer is ready"); }, [&](caf::error& err) { result = std::move(err); });
    return result;
  }
};

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

SCENARIO("all who wait are told when a peer says that it is ready") {
  GIVEN("two requests for the readiness of a peer that runs") {
    start_running();
    sends(await_ready_atom_v);
    sends(await_ready_atom_v);
    CHECK(nothing_waits());
    WHEN("the peer says that it is ready") {
      says_ready();
      THEN("the peer is answered, and so are both requests") {
        CHECK_EQ(to_string(peer->channel.sent.back()), "{io_reply,#Pid<nonode@nohost.9.0>,77,ok}");
        expect((void), from(control).to(self));
        expect((void), from(control).to(self));
        CHECK(nothing_waits());
      }
    }
    WHEN("there is another request") {
      sends(await_ready_atom_v);
      THEN("it is answered at once") {
        expect((void), from(control).to(self));
      }
    }
    WHEN("the peer says so again") {
      says_ready();
      THEN("nobody is told") {
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a peer that is ready has to run nevertheless") {
  GIVEN("a request for the readiness of a peer that boots") {
    start();
    sends(await_ready_atom_v);
    WHEN("the peer says that it is ready") {
      says_ready();
      THEN("the request is not answered") {
        CHECK(nothing_waits());
      }
    }
    WHEN("the peer has booted") {
      peer->started();
      THEN("the requests for the boot and for the readiness are answered") {
        CHECK_EQ(answer<peer::peer_status>().node, peer::atom{"nonode@nohost"});
        expect((void), from(control).to(self));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("who waits for a peer that is not ready learns of its end") {
  GIVEN("a request for the readiness of a peer that runs") {
    start_running();
    auto waiter = self->request(control, caf::infinite, await_ready_atom_v);
    expect((peer::await_ready_atom), from(self).to(control));
    WHEN("the peer ends") {
      peer->exits(3);
      follows();
      THEN("the answer is its end") {
        auto why = failed(waiter);
        CHECK_EQ(why, errc::exit_status);
        CHECK_EQ(peer::failure_of(why)->status->value, 3);
      }
    }
  }
}

SCENARIO("who waits for a peer that does not boot learns why") {
  GIVEN("a request for the boot and one for the readiness of a peer") {
    start();
    sends(await_ready_atom_v);
    WHEN("the peer ends in its boot") {
      peer->exits(3);
      follows();
      THEN("both get the error, and the control actor has ended") {
        expect((caf::error), from(control).to(self).with(errc::boot_failed));
        expect((caf::error), from(control).to(self).with(errc::boot_failed));
        expect((caf::down_msg), from(control).to(self).with(because{}));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("a peer that was ready is not once it is down") {
  GIVEN("a peer that was ready and has ended, and whose control actor stays") {
    options.peer_down = peer::peer_down::continue_;
    start_running();
    says_ready();
    peer->exits(3);
    follows();
    WHEN("its readiness is asked for") {
      sends(await_ready_atom_v);
      THEN("the answer is its end") {
        expect((caf::error), from(control).to(self).with(errc::exit_status));
        CHECK(nothing_waits());
      }
    }
  }
}

SCENARIO("the end of the control actor is an answer") {
  GIVEN("a request for the readiness of a peer that runs") {
    start_running();
    sends(await_ready_atom_v);
    WHEN("the control actor is killed") {
      inject((caf::exit_msg), from(self).to(control).with(caf::exit_msg{self->address(), caf::exit_reason::kill}));
      THEN("the request fails") {
        expect((caf::error), from(control).to(self).with(errc::noproc));
        expect((caf::down_msg), from(control).to(self).with(because{caf::exit_reason::kill}));
      }
    }
  }
}

END_FIXTURE_SCOPE()
