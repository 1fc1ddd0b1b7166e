// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Handles of children, on the real loop.

#define CAF_SUITE peer.supervisor.child_handle

#include "peer/control_actor.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/supervisor.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

#include <memory>
#include <string>

using namespace peer;

namespace {

struct fixture {
  /// An actor that answers each call with the number of casts so far whose sender waits for the answer.
  static child_spec counter(std::string id) {
    auto result = child_spec{.id = std::move(id)};
    result.start = actor_factory{[](const child_context& context) -> caf::expected<caf::actor> {
      return context.system.spawn([](caf::event_based_actor* me) -> caf::behavior {
        auto awaited = std::make_shared<int>(0);
        return {[me, awaited](const cast_request&) { *awaited += me->current_message_id().is_request() ? 1 : 0; },
                [awaited](const call_request&) -> caf::result<encoded_term> {
                  auto answer = encoded_term{};
                  if (auto err = save_term(answer.bytes, *awaited))
                    return err;
                  return answer;
                }};
      });
    }};
    return result;
  }

  static int awaited_casts(const child_handle& child) { return unbox(child.call<int>("m", "awaited_casts")); }

  caf::actor_system_config config;
  caf::actor_system sys{config};
};

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

SCENARIO("all handles of a child share the bound of casts in its mailbox") {
  GIVEN("a child of a supervisor below another one") {
    auto top = start_supervisor(sys, {.children = {{.id = "t", .start = supervisor_spec{.children = {counter("a")}}}}});
    REQUIRE(top);
    auto almost_all = std::string(defaults::cast_window - 1000, 'x');
    auto rest = std::string(1000, 'x');
    WHEN("one handle sends less than the bound") {
      auto child = unbox(top->child("t/a"));
      CHECK_EQ(child.cast("m", "f", almost_all), caf::error{});
      THEN("it does not wait until the child has it") {
        CHECK_EQ(awaited_casts(child), 0);
      }
    }
    WHEN("another handle sends the rest") {
      auto child = unbox(top->child("t/a"));
      CHECK_EQ(child.cast("m", "f", rest), caf::error{});
      THEN("it waits") {
        CHECK_EQ(awaited_casts(child), 1);
      }
    }
    WHEN("a handle from the supervisor of the child and one of its actor send as much") {
      auto child = unbox(unbox(top->at("t")).child("a"));
      CHECK_EQ(child.cast("m", "f", almost_all), caf::error{});
      CHECK_EQ((child_handle{sys, child.actor()}.cast("m", "f", rest)), caf::error{});
      THEN("the last one waits") {
        CHECK_EQ(awaited_casts(child), 2);
      }
    }
    CHECK_EQ(top->stop(), caf::error{});
  }
}

END_FIXTURE_SCOPE()
