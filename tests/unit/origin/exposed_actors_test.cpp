// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.origin.exposed_actors

#include "origin/exposed_actors.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

#include <set>

using peer::pid;
using peer::internal::origin::exposed_actors;

namespace {

struct fixture : test_coordinator_fixture<> {
  caf::actor spawn_idle() {
    return sys.spawn([]() -> caf::behavior { return {[](int) {}}; });
  }

  exposed_actors exposed;
};

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

SCENARIO("an actor has one pid until it is removed") {
  GIVEN("an actor that was added") {
    auto whom = spawn_idle();
    auto id = unbox(exposed.add(whom));
    CHECK_EQ(unbox(exposed.add(whom)), id);
    CHECK_EQ(exposed.find(id), whom);
    WHEN("it is removed, and added again") {
      exposed.remove(whom);
      exposed.remove(whom);
      CHECK_EQ(exposed.find(id), nullptr);
      THEN("its pid is another one") {
        auto other = unbox(exposed.add(whom));
        CHECK_NE(other, id);
        CHECK_EQ(exposed.find(other), whom);
      }
    }
  }
}

SCENARIO("a pid cannot be guessed from others") {
  GIVEN("the pids of many actors of two origins") {
    auto whom = spawn_idle();
    auto other_origin = exposed_actors{};
    auto actors = std::vector<caf::actor>{};
    auto creations = std::set<std::uint32_t>{};
    auto numbers = std::set<std::uint64_t>{};
    for (auto i = 0; i < 200; ++i) {
      auto id = unbox((i % 2 == 0 ? exposed : other_origin).add(actors.emplace_back(spawn_idle())));
      CHECK_LT(id.id, 1u << 15); // as all versions of Erlang accept
      CHECK_LT(id.serial, 1u << 13);
      creations.insert(id.creation);
      numbers.insert((std::uint64_t{id.serial} << 15) | id.id);
    }
    THEN("none repeats what another has") {
      CHECK_GT(creations.size(), 190u);
      CHECK_GT(numbers.size(), 190u);
    }
  }
}

SCENARIO("actors that have ended cost nothing") {
  GIVEN("many actors that were added and have ended") {
    auto ids = std::vector<pid>{};
    for (auto i = 0; i < 1'000; ++i) {
      ids.push_back(unbox(exposed.add(spawn_idle())));
      sched.run(); // nothing refers to the actor any more: it ends
    }
    THEN("their pids are gone, and most of what was kept for them") {
      for (auto& id : ids)
        CHECK_EQ(exposed.find(id), nullptr);
      CHECK_LT(exposed.size(), 200u);
    }
  }
}

END_FIXTURE_SCOPE()
