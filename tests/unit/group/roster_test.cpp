// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The places of a group and the spares that take them.

#define CAF_SUITE peer.group.roster

#include "group/roster.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

using namespace peer;

namespace {

struct fixture : test_coordinator_fixture<> {
  ~fixture() {
    for (auto& each : actors)
      caf::anon_send_exit(each, caf::exit_reason::kill);
    run();
  }

  handle peer(std::string_view name) {
    actors.push_back(sys.spawn([]() -> caf::behavior { return {[](int) {}}; }));
    return {sys, caf::actor_cast<control_actor>(actors.back()), atom{name}};
  }

  std::string members() const {
    auto result = std::string{};
    for (std::size_t i = 0; i < places.size(); ++i)
      result += (i > 0 ? " " : "") + places.at(i).node().name();
    return result;
  }

  std::string spares() const {
    auto result = std::string{};
    for (auto& each : places.spares().running)
      result += (result.empty() ? "" : " ") + each.node().name();
    return result;
  }

  std::vector<caf::actor> actors;
  internal::group::roster places{{peer("a"), peer("b"), peer("c")}};
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(roster_tests, fixture)

CAF_TEST(a roster has its members in their order and no spares) {
  CAF_CHECK_EQUAL(places.size(), 3u);
  CAF_CHECK_EQUAL(members(), "a b c");
  CAF_CHECK_EQUAL(spares(), "");
  CAF_CHECK_EQUAL(places.spares().used, 0u);
  CAF_CHECK(!places.spares().last_failure);
  auto controls = places.actors();
  CAF_REQUIRE_EQUAL(controls.size(), 3u);
  for (std::size_t i = 0; i < controls.size(); ++i)
    CAF_CHECK_EQUAL(controls[i], places.at(i).actor());
}

CAF_TEST(spares take places in the order in which they were added) {
  places.add_spare(peer("x"));
  places.add_spare(peer("y"));
  CAF_CHECK_EQUAL(spares(), "x y");
  auto before = places.at(1);
  places.replace(1);
  CAF_CHECK_EQUAL(members(), "a x c");
  CAF_CHECK_EQUAL(spares(), "y");
  CAF_CHECK_EQUAL(before.node().name(), "b"); // a handle that was taken before means the same peer
  places.replace(1);
  CAF_CHECK_EQUAL(members(), "a y c");
  CAF_CHECK_EQUAL(spares(), "");
  CAF_CHECK_EQUAL(places.spares().used, 2u);
}

CAF_TEST(a spare is removed and a member is not ) {
  auto x = peer("x");
  places.add_spare(x);
  places.add_spare(peer("y"));
  places.remove_spare(places.at(0).actor());
  CAF_CHECK_EQUAL(spares(), "x y");
  places.remove_spare(x.actor());
  places.remove_spare(x.actor());
  CAF_CHECK_EQUAL(spares(), "y");
  CAF_CHECK_EQUAL(members(), "a b c");
}

CAF_TEST(the last failure of a spare is known) {
  places.note_failure(caf::make_error(errc::boot_failed, std::string{"first"}));
  places.note_failure(caf::make_error(errc::exit_status, std::string{"second"}));
  CAF_CHECK_EQUAL(places.spares().last_failure, errc::exit_status);
}

CAF_TEST(the spares that are left are handed out once) {
  auto x = peer("x");
  auto starting = peer("starting");
  places.add_spare(x);
  places.leave({x.actor(), starting.actor()});
  CAF_CHECK_EQUAL(spares(), "");
  CAF_CHECK(places.take_left() == (std::vector<control_actor>{x.actor(), starting.actor()}));
  CAF_CHECK(places.take_left().empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
