// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Trees that are started without waiting for them, on the real loop.

#define CAF_SUITE peer.supervisor.spawn

#include "peer/supervisor.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

#include <future>
#include <optional>

using namespace peer;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 10s;

/// What a factory was given.
struct started_child {
  caf::actor child;
  std::uint64_t generation;
};

struct fixture {
  /// A child that is ready when the test says so; its factory passes on what it was given.
  child_spec slow_child(std::string id) {
    auto result = child_spec{.id = std::move(id), .ready = says_ready{.within = caf::infinite}};
    result.start = actor_factory{[this](const child_context& context) {
      begun.set_value({context.child, context.generation});
      return context.system.spawn([]() -> caf::behavior { return {[](int) {}}; });
    }};
    return result;
  }

  static child_spec failing_child(std::string id) {
    auto result = child_spec{.id = std::move(id)};
    result.start = actor_factory{[](const child_context&) -> caf::expected<caf::actor> {
      return caf::make_error(caf::sec::runtime_error, std::string{"no luck"});
    }};
    return result;
  }

  /// Waits until the child is being started, and says that it is ready.
  void make_ready() {
    auto what = begun.get_future().get();
    caf::anon_send(what.child, ready_atom_v, what.generation);
  }

  /// Spawns an event-based actor that spawns a tree and sends `self` the result of the boot: `ok_atom` or an error.
  caf::actor opener(supervisor_spec spec, bool link = false) {
    return sys.spawn([spec, link, to = caf::actor_cast<caf::actor>(self)](caf::event_based_actor* me) -> caf::behavior {
      auto tree = link ? spawn_supervisor_link(me, spec) : spawn_supervisor(me->system(), spec);
      if (!tree) {
        me->send(to, tree.error());
        return {[](int x) { return x; }};
      }
      me->request(*tree, caf::infinite, await_boot_atom_v)
          .then([=] { me->send(to, caf::ok_atom_v); }, [=](caf::error& why) { me->send(to, std::move(why)); });
      return {[](int x) { return x; }, [tree = caf::actor_cast<caf::actor>(*tree)](caf::get_atom) { return tree; },
              [me](caf::exit_msg& end) { me->quit(std::move(end.reason)); }};
    });
  }

  /// The next result of a boot.
  caf::error boot() {
    auto result = caf::error{};
    self->receive([](caf::ok_atom) {}, [&](const caf::error& why) { result = why; },
                  caf::after(patience) >> [] { CAF_FAIL("the boot has no result"); });
    return result;
  }

  /// The exit reason of an actor.
  caf::error end_of(const caf::actor& which) {
    auto result = caf::error{};
    self->monitor(which);
    self->receive([&](const caf::down_msg& end) { result = end.reason; },
                  caf::after(patience) >> [] { CAF_FAIL("the actor lives"); });
    return result;
  }

  /// Whether an actor handles requests now.
  bool answers(const caf::actor& which) {
    auto result = false;
    self->request(which, patience, 7).receive([&](int x) { result = x == 7; }, [](caf::error&) {});
    return result;
  }

  supervisor_actor tree_of(const caf::actor& which) {
    auto result = caf::actor{};
    self->request(which, patience, caf::get_atom_v)
        .receive([&](caf::actor& x) { result = std::move(x); }, [](caf::error& why) { CAF_FAIL("no tree: " << why); });
    return caf::actor_cast<supervisor_actor>(result);
  }

  std::promise<started_child> begun;
  caf::actor_system_config config;
  caf::actor_system sys{config};
  caf::scoped_actor self{sys};
};

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

SCENARIO("an event-based actor starts a tree and goes on") {
  GIVEN("a child that is not ready yet") {
    auto owner = opener({.children = {slow_child("a")}});
    WHEN("the actor is sent a request") {
      THEN("it answers, and learns of the boot when the child is ready") {
        CHECK(answers(owner));
        make_ready();
        CHECK_EQ(boot(), caf::error{});
        CHECK(answers(owner));
        auto tree = supervisor{sys, tree_of(owner)};
        CHECK_EQ(tree.count_children()->active, 1u);
        CHECK_EQ(tree.stop(), caf::error{});
      }
    }
  }
}

SCENARIO("a tree that cannot start says why") {
  GIVEN("a child that does not start") {
    auto spec = supervisor_spec{.children = {failing_child("a")}};
    WHEN("the tree is spawned") {
      auto tree = spawn_supervisor(sys, spec);
      THEN("it exits with the reason, for those who look later, too") {
        REQUIRE(tree);
        auto actor = caf::actor_cast<caf::actor>(*tree);
        CHECK_EQ(end_of(actor), errc::failed_to_start_child);
        CHECK_EQ(end_of(actor), errc::failed_to_start_child);
      }
    }
    WHEN("it is started and waited for, again and again") {
      THEN("the reason is never lost") {
        for (auto i = 0; i < 200; ++i)
          REQUIRE_EQ(start_supervisor(sys, spec).error(), errc::failed_to_start_child);
      }
    }
  }
}

SCENARIO("a wrong spec is refused before anything happens") {
  GIVEN("two children of the same id") {
    auto spec = supervisor_spec{.children = {slow_child("a"), failing_child("a")}};
    WHEN("the tree is spawned") {
      opener(spec);
      THEN("there is no actor but an error") {
        CHECK_EQ(boot(), errc::invalid_option);
        CHECK_EQ(begun.get_future().wait_for(0s), std::future_status::timeout);
      }
    }
  }
}

SCENARIO("a linked tree ends with its owner") {
  GIVEN("a tree that runs") {
    auto owner = opener({.children = {slow_child("a")}}, true);
    make_ready();
    CHECK_EQ(boot(), caf::error{});
    auto tree = caf::actor_cast<caf::actor>(tree_of(owner));
    WHEN("its owner ends") {
      caf::anon_send_exit(owner, caf::exit_reason::user_shutdown);
      THEN("so does the tree") {
        CHECK_EQ(end_of(tree), caf::exit_reason::user_shutdown);
      }
    }
  }
}

SCENARIO("subscribers hear of the boot from its start") {
  GIVEN("a subscriber that is given at the start") {
    WHEN("the tree is spawned") {
      auto tree = spawn_supervisor(sys, {.children = {slow_child("a")}}, {caf::actor_cast<caf::actor>(self)});
      REQUIRE(tree);
      make_ready();
      THEN("it gets the first event, too") {
        for (auto kind : {event_kind::starting, event_kind::started, event_kind::ready})
          self->receive([kind](const supervisor_event& x) { CHECK_EQ(to_string(x.kind), to_string(kind)); },
                        caf::after(patience) >> [] { CAF_FAIL("no event"); });
        CHECK_EQ((supervisor{sys, *tree}.stop()), caf::error{});
      }
    }
  }
}

END_FIXTURE_SCOPE()
