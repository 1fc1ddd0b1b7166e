// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The bound of casts and messages that wait in a mailbox.

#define CAF_SUITE peer.origin.cast_window

#include "origin/cast_window.hpp"
#include "peer/control_actor.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

#include <atomic>
#include <future>
#include <mutex>
#include <string>
#include <vector>

using namespace std::chrono_literals;

using peer::internal::origin::cast_window;

namespace {

constexpr auto forever = caf::timespan{caf::infinite};

/// Threads and actors that really run, for what blocks.
struct fixture {
  /// Counts the casts that it has taken.
  caf::actor spawn_counter() {
    return sys.spawn<caf::detached>([this]() -> caf::behavior {
      return {[this](const peer::cast_request&) { ++taken; }, [](caf::get_atom) { return 0; }};
    });
  }

  static peer::cast_request cast() { return {"m", "f", {}}; }

  std::atomic<int> taken = 0;
  caf::actor_system_config cfg;
  caf::actor_system sys{cfg};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cast_window_tests, fixture)

SCENARIO("the message that fills the window asks for an answer") {
  GIVEN("a window of 100 bytes") {
    cast_window window{100};
    WHEN("less was sent") {
      THEN("nothing waits") {
        CHECK(window.enter(60, 5s) == std::nullopt);
        CHECK(window.enter(39, 5s) == std::nullopt);
        CHECK_EQ(window.unconfirmed(), 99u);
      }
    }
    WHEN("a message fills it") {
      THEN("its sender waits for the answer, as long as it may") {
        CHECK(window.enter(1, 5s) == caf::timespan{5s});
      }
    }
    WHEN("another thread has no time to wait for that") {
      THEN("its message is counted and needs no answer") {
        CHECK(window.enter(30, caf::timespan{0}) == std::nullopt);
        CHECK_EQ(window.unconfirmed(), 130u);
      }
    }
    WHEN("the answer has come") {
      window.confirm();
      THEN("what was sent after the request remains") {
        CHECK_EQ(window.unconfirmed(), 30u);
        CHECK(window.enter(69, 5s) == std::nullopt);
        CHECK(window.enter(1, forever) == forever);
      }
    }
  }
}

SCENARIO("a full window holds other threads up") {
  GIVEN("a window that is full") {
    cast_window window{100};
    CHECK(window.enter(100, forever) == forever);
    WHEN("another thread sends") {
      auto mutex = std::mutex{};
      auto events = std::vector<std::string>{};
      auto note = [&](const char* what) {
        auto guard = std::lock_guard{mutex};
        events.emplace_back(what);
      };
      auto other = std::async(std::launch::async, [&] {
        auto result = window.enter(10, forever);
        note("sent");
        return result;
      });
      note("answered");
      window.confirm();
      THEN("it sends when the answer has come") {
        CHECK(other.get() == std::nullopt);
        CHECK_EQ(events, (std::vector<std::string>{"answered", "sent"}));
        CHECK_EQ(window.unconfirmed(), 10u);
      }
    }
  }
}

CAF_TEST(a thread that fills the window continues when the actor has taken everything) {
  auto counter = spawn_counter();
  cast_window window{3 * sizeof(peer::cast_request)};
  for (auto i = 1; i <= 30; ++i) {
    window.send(sys, counter, cast(), 0, forever);
    CHECK_GE(taken + 2, i); // those of the window that is not full may wait
  }
  CHECK_EQ(taken, 30);
  CHECK_EQ(window.unconfirmed(), 0u);
}

CAF_TEST(threads share the window) {
  auto counter = spawn_counter();
  cast_window window{10 * sizeof(peer::cast_request)};
  auto threads = std::vector<std::future<void>>{};
  for (auto i = 0; i < 4; ++i)
    threads.push_back(std::async(std::launch::async, [&] {
      for (auto n = 0; n < 1000; ++n)
        window.send(sys, counter, cast(), 0, forever);
    }));
  for (auto& thread : threads)
    thread.get();
  CHECK_LT(window.unconfirmed(), 14 * sizeof(peer::cast_request));
  auto self = caf::scoped_actor{sys};
  self->request(counter, caf::infinite, caf::get_atom_v).receive([](int) {}, [](caf::error& err) { CAF_FAIL(err); });
  CHECK_EQ(taken, 4000);
}

CAF_TEST(an actor that does not answer is waited for no longer than asked) {
  auto held = caf::response_promise{};
  auto silent = sys.spawn<caf::detached>([&held](caf::event_based_actor* me) -> caf::behavior {
    return {[&held, me](const peer::cast_request&) { held = me->make_response_promise(); },
            [&held](caf::delete_atom) { held = {}; }};
  });
  cast_window window{1};
  window.send(sys, silent, cast(), 0, 1ms);
  CHECK_EQ(window.unconfirmed(), 0u);
  auto self = caf::scoped_actor{sys};
  self->request(silent, caf::infinite, caf::delete_atom_v).receive([] {}, [](caf::error& err) { CAF_FAIL(err); });
}

CAF_TEST(an actor that has exited holds no thread up) {
  auto counter = spawn_counter();
  caf::anon_send_exit(counter, caf::exit_reason::kill);
  {
    auto self = caf::scoped_actor{sys};
    self->wait_for(counter);
  }
  cast_window window{1};
  window.send(sys, counter, cast(), 0, forever);
  CHECK_EQ(taken, 0);
}

CAF_TEST_FIXTURE_SCOPE_END()
