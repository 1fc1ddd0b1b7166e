// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Requests that wait for a peer's boot, readiness or end.

#define CAF_SUITE peer.origin.waiters

#include "origin/waiters.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

using peer::atom;
using peer::errc;
using peer::peer_status;
using peer::stop_report;
using peer::internal::origin::waiters;

namespace {

struct fixture : test_coordinator_fixture<> {
  fixture() {
    keeper = sys.spawn([this](caf::event_based_actor* me) -> caf::behavior {
      return {
          [this, me](peer::await_boot_atom) {
            auto request = me->make_response_promise<peer_status>();
            waiting->for_boot(request);
            return request;
          },
          [this, me](peer::await_ready_atom) {
            auto request = me->make_response_promise<void>();
            waiting->for_ready(request);
            return request;
          },
          [this, me](peer::stop_atom) {
            auto request = me->make_response_promise<stop_report>();
            waiting->for_end(request);
            return request;
          },
      };
    });
    wait_as(peer::no_wait{});
  }

  ~fixture() {
    caf::anon_send_exit(keeper, caf::exit_reason::kill);
    run();
  }

  void wait_as(peer::wait_boot_option how) { waiting.emplace(how, keeper.address()); }

  /// `self` sends a request, which the keeper lets wait.
  template <class Atom>
  void request(Atom what) {
    self->send(keeper, what);
    expect((Atom), from(self).to(keeper));
  }

  /// The same for the readiness, whose answer is empty: `outcome` takes it.
  auto request_ready() {
    auto result = self->request(keeper, caf::infinite, peer::await_ready_atom_v);
    expect((peer::await_ready_atom), from(self).to(keeper));
    return result;
  }

  /// Whether the request was answered without an error; else the error.
  caf::error outcome(auto& waiter) {
    if (nothing_came())
      CAF_FAIL("no answer");
    auto result = caf::error{};
    waiter.receive([] {}, [&](caf::error& err) { result = std::move(err); });
    return result;
  }

  /// Sends a request for boot, readiness and end.
  auto request_all() {
    request(peer::await_boot_atom_v);
    request(peer::stop_atom_v);
    return request_ready();
  }

  /// Takes the next message of that type out of the mailbox of `self`.
  template <class T>
  T next() {
    auto result = std::optional<T>{};
    self->receive([&](T& x) { result = std::move(x); },
                  caf::after(std::chrono::seconds{0}) >> [] { CAF_FAIL("no message"); });
    return std::move(*result);
  }

  bool nothing_came() { return self->mailbox().empty(); }

  static peer_status running() {
    return {.state = peer::peer_state::running, .node = atom{"n@h"}, .reason = {}, .process_id = 7, .limits_off = {}};
  }

  static caf::error broken() { return caf::make_error(errc::exit_status, std::string{"it broke"}); }

  std::optional<waiters> waiting;
  caf::actor keeper;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(waiters_tests, fixture)

SCENARIO("a peer boots and becomes ready and ends") {
  GIVEN("a request for each of these") {
    auto for_ready = request_all();
    CHECK(nothing_came());
    WHEN("the peer runs") {
      waiting->on_started(running());
      THEN("the request for the boot is answered with its state") {
        expect((peer_status), from(keeper).to(self));
        CHECK(nothing_came());
        CHECK(!waiting->ready());
      }
    }
    WHEN("the peer is ready") {
      waiting->on_ready();
      THEN("the request for that is answered") {
        CHECK(waiting->ready());
        CHECK(!outcome(for_ready));
        CHECK(nothing_came());
      }
    }
    WHEN("the peer ends") {
      waiting->on_end(broken(), {peer::stop_step::killed, {}, {}});
      THEN("the request for that gets the report") {
        CHECK(next<stop_report>().ended_by == peer::stop_step::killed);
        CHECK(nothing_came());
      }
    }
    WHEN("all of it happens again") {
      waiting->on_started(running());
      waiting->on_ready();
      waiting->on_end(broken(), {});
      THEN("nobody is answered again") {
        CHECK(nothing_came());
      }
    }
  }
}

SCENARIO("a peer is ready before it has started") {
  GIVEN("a request for the readiness") {
    auto for_ready = request_ready();
    WHEN("the peer reports that it is ready") {
      waiting->on_ready();
      THEN("the request waits for the start") {
        CHECK(nothing_came());
        CHECK(!waiting->ready());
      }
    }
    WHEN("it has started") {
      waiting->on_started(running());
      THEN("the request is answered") {
        CHECK(waiting->ready());
        CHECK(!outcome(for_ready));
      }
    }
  }
}

SCENARIO("a peer ends while it boots") {
  GIVEN("a request for boot, readiness and end") {
    auto for_ready = request_all();
    WHEN("it ends") {
      waiting->on_end(broken(), {});
      THEN("the request for the end gets the report, the others the error") {
        CHECK_EQ(outcome(for_ready), errc::exit_status);
        CHECK_EQ(next<caf::error>(), errc::exit_status);
        CHECK(next<stop_report>().ended_by == peer::stop_step::none);
        CHECK(nothing_came());
      }
    }
  }
}

SCENARIO("the control actor is killed") {
  GIVEN("a request for boot, readiness and end") {
    auto for_ready = request_all();
    WHEN("it is killed") {
      waiting->on_killed(caf::make_error(errc::noproc));
      THEN("all get the error") {
        CHECK_EQ(outcome(for_ready), errc::noproc);
        CHECK_EQ(next<caf::error>(), errc::noproc); // of the boot
        CHECK_EQ(next<caf::error>(), errc::noproc); // of the end
        CHECK(nothing_came());
      }
    }
  }
}

SCENARIO("a receiver gets one notice about the boot") {
  GIVEN("the option notify") {
    wait_as(peer::notify{caf::actor_cast<caf::actor>(self), atom{"tag"}});
    WHEN("the peer runs and ends") {
      waiting->on_started(running());
      waiting->on_end(broken(), {});
      THEN("the notice has the node") {
        auto notice = next<peer::start_notice>();
        CHECK_EQ(notice.tag, peer::term{atom{"tag"}});
        CHECK_EQ(notice.node, atom{"n@h"});
        CHECK(!notice.reason);
        CHECK_EQ(notice.control, keeper.address());
        CHECK(nothing_came());
      }
    }
    WHEN("the peer ends before it runs") {
      wait_as(peer::notify{caf::actor_cast<caf::actor>(self), atom{"tag"}});
      waiting->on_end(broken(), {});
      THEN("the notice has the error") {
        CHECK_EQ(next<peer::start_notice>().reason, errc::exit_status);
        CHECK(nothing_came());
      }
    }
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
