// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// A peer that says that it is ready, and who waits for that.

#define CAF_SUITE peer.origin.ready

#include "control_fixture.hpp"

using namespace peer::test;

namespace {

struct fixture : control_fixture {
  void says_ready() {
    peer->says(peer::tagged("io_request", peer::pid{peer::atom{"nonode@nohost"}, 9, 0, 0}, 77, peer::atom{"ready"}));
    settle();
  }

  /// Begins to wait for the peer until it is ready.
  auto await_ready() {
    auto result = self->request(control, caf::infinite, peer::await_ready_atom_v);
    settle();
    return result;
  }

  /// What the one who waits was told: no error if the peer is ready.
  caf::error told(auto& waiter) {
    if (self->mailbox().empty())
      CAF_FAIL("no answer");
    auto result = caf::error{};
    waiter.receive([] {}, [&](caf::error& err) { result = std::move(err); });
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(control_ready_tests, fixture)

CAF_TEST(who waits is told when the peer says so and who asks later at once) {
  start_running();
  auto first = await_ready();
  auto second = await_ready();
  CAF_CHECK(self->mailbox().empty());
  says_ready();
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{io_reply,#Pid<nonode@nohost.9.0>,77,ok}");
  CAF_CHECK(!told(first));
  CAF_CHECK(!told(second));
  auto late = await_ready();
  CAF_CHECK(!told(late));
  says_ready();
  CAF_CHECK(self->mailbox().empty());
}

CAF_TEST(a peer that is ready has to run nevertheless) {
  start();
  auto waiter = await_ready();
  says_ready();
  CAF_CHECK(self->mailbox().empty());
  peer->started();
  settle();
  CAF_CHECK_EQUAL(answer<peer::peer_status>().node, peer::atom{"nonode@nohost"});
  CAF_CHECK(!told(waiter));
}

CAF_TEST(who waits for a peer that is not ready learns of its end) {
  start_running();
  auto waiter = await_ready();
  peer->exits(3);
  settle();
  auto why = told(waiter);
  CAF_CHECK_EQUAL(why, peer::errc::exit_status);
  CAF_CHECK_EQUAL(peer::failure_of(why)->status->value, 3);
}

CAF_TEST(who waits for a peer that does not boot learns why) {
  start();
  auto waiter = await_ready();
  peer->exits(3);
  settle();
  CAF_CHECK_EQUAL(failure(), peer::errc::boot_failed); // of the boot
  CAF_CHECK_EQUAL(told(waiter), peer::errc::boot_failed);
}

CAF_TEST(a peer that was ready is not once it is down) {
  options.peer_down = peer::peer_down::continue_;
  start_running();
  says_ready();
  peer->exits(3);
  settle();
  auto waiter = await_ready();
  CAF_CHECK_EQUAL(told(waiter), peer::errc::exit_status);
}

CAF_TEST(the end of the control actor is an answer) {
  start_running();
  auto waiter = await_ready();
  caf::anon_send_exit(control, caf::exit_reason::kill);
  settle();
  CAF_CHECK_EQUAL(told(waiter), peer::errc::noproc);
}

CAF_TEST_FIXTURE_SCOPE_END()
