// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The end of the origin: of its actor system here; of its process in peerctl_test.py.

#define CAF_SUITE peer.system.origin

#include "support/system_fixture.hpp"

#include <future>
#include <stdexcept>

using namespace peer::test;
using namespace std::chrono_literals;

using peer::atom;

CAF_TEST_FIXTURE_SCOPE(origin_tests, system_fixture)

CAF_TEST(the end of the system ends live peers) {
  start(erl());
  start(erl());
  CAF_CHECK_EQUAL(children().size(), 2u);
  sys.reset();
  CAF_CHECK(children().empty());
}

CAF_TEST(the end of the system ends a peer that boots) {
  auto options = script("cat >&2");
  options.wait_boot = peer::no_wait{};
  start(std::move(options));
  sys.reset();
  CAF_CHECK(children().empty());
}

CAF_TEST(the end of the system ends a peer that ignores everything) {
  auto options = script("trap '' TERM; echo ready >&2; while :; do read line < /dev/zero; done");
  options.wait_boot = peer::no_wait{};
  start(std::move(options));
  CAF_CHECK(console.wait_for("ready"));
  sys.reset();
  CAF_CHECK(children().empty());
}

CAF_TEST(handles may outlive the system) {
  auto worker = std::optional{start(erl())};
  auto copy = *worker;
  auto control = worker->actor();
  sys.reset();
  CAF_CHECK(children().empty());
  worker.reset();
}

CAF_TEST(a peer lives on without a handle) {
  auto control = start(erl()).actor();
  auto address = control.address();
  control = nullptr;
  auto self = caf::scoped_actor{*sys};
  auto again = caf::actor_cast<peer::control_actor>(address);
  CAF_REQUIRE(again);
  check_alive(peer::handle{*sys, again, atom{}});
}

CAF_TEST(an exception in the program ends its peers) {
  auto thrown = false;
  try {
    auto inner = caf::actor_system{config};
    auto worker = value_of(peer::start(inner, erl()));
    check_alive(worker);
    throw std::runtime_error("the user's");
  } catch (const std::runtime_error&) {
    thrown = true;
  }
  CAF_CHECK(thrown);
  CAF_CHECK(children().empty());
}

CAF_TEST(a call that is outstanding does not keep the system) {
  auto worker = start(erl());
  auto done = std::promise<void>{};
  auto caller = sys->spawn([control = worker.actor(), &done](caf::event_based_actor* self) {
    auto sleep = peer::call_request{"timer", "sleep", *peer::encode_arguments(atom{"infinity"}), caf::infinite};
    self->request(control, caf::infinite, std::move(sleep))
        .then([](const peer::encoded_term&) {}, [&done](const caf::error&) { done.set_value(); });
  });
  check_alive(worker);
  CAF_CHECK(worker.stop());
  done.get_future().wait();
}

CAF_TEST(systems with peers come and go) {
  for (auto i = 0; i < 5; ++i) {
    auto inner = caf::actor_system{config};
    auto options = erl();
    options.wait_boot = peer::no_wait{}; // at all stages of its boot
    auto worker = value_of(peer::start(inner, std::move(options)));
    if (i % 2 == 0)
      check_alive(worker);
  }
  CAF_CHECK(children().empty());
}

CAF_TEST(many peers start at once) {
  auto options = erl();
  auto self = caf::scoped_actor{*sys};
  options.wait_boot = peer::notify{caf::actor{self.ptr()}, atom{"up"}};
  auto workers = std::vector<peer::handle>{};
  for (auto i = 0; i < 8; ++i)
    workers.push_back(start(options));
  for (auto i = 0; i < 8; ++i)
    self->receive([](const peer::start_notice& notice) { CAF_CHECK_EQUAL(notice.reason, caf::error{}); },
                  caf::after(patience) >> [] { CAF_FAIL("a peer did not start"); });
  for (auto& worker : workers)
    check_alive(worker);
}

CAF_TEST_FIXTURE_SCOPE_END()
