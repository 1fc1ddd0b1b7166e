// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Names and pids of a node's actors.

#define CAF_SUITE peer.node.process_table

#include "node/process_table.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <set>

using peer::atom;
using peer::pid;
using peer::term;
using peer::erl::tuple;
using peer::internal::node::process_table;

CAF_TEST_FIXTURE_SCOPE(process_table_tests, test_coordinator_fixture<>)

CAF_TEST(an actor is found by name and by pid) {
  auto table = peer::internal::node::process_table{atom{"n@h"}};
  auto whom = caf::actor{self};
  table.add("printer", whom);
  auto id = table.whereis("printer");
  CAF_REQUIRE(id);
  CAF_CHECK_EQUAL(table.find(term{atom{"printer"}}), whom);
  CAF_CHECK_EQUAL(table.find(term{peer::erl::tuple{atom{"printer"}, atom{"n@h"}}}), whom);
  CAF_CHECK_EQUAL(table.find(term{*id}), whom);
  CAF_CHECK(table.expose(whom) == *id);
}

CAF_TEST(nobody else is found) {
  auto table = peer::internal::node::process_table{atom{"n@h"}};
  table.add("printer", caf::actor{self});
  auto id = *table.whereis("printer");
  CAF_CHECK(!table.whereis("other"));
  CAF_CHECK(!table.find(term{atom{"other"}}));
  CAF_CHECK(!table.find(term{peer::erl::tuple{atom{"printer"}, atom{"other@h"}}}));
  CAF_CHECK(!table.find(term{peer::erl::tuple{atom{"printer"}}}));
  CAF_CHECK(!table.find(term{42}));
  CAF_CHECK(!table.find(term{pid{id.node, id.id + 1, id.serial, id.creation}}));
  CAF_CHECK(!table.find(term{pid{atom{"other@h"}, id.id, id.serial, id.creation}}));
  CAF_CHECK(!table.find(term{table.make_pid()}));
}

CAF_TEST(a name keeps its actor alive and a pid does not ) {
  auto table = peer::internal::node::process_table{atom{"n@h"}};
  auto id = pid{};
  {
    auto named = sys.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int) {}}; });
    auto exposed = sys.spawn([](caf::event_based_actor*) -> caf::behavior { return {[](int) {}}; });
    table.add("named", named);
    id = table.expose(exposed);
    run();
  }
  run();
  CAF_CHECK(table.find(term{atom{"named"}}));
  CAF_CHECK(!table.find(term{id}));
  table.clear();
  CAF_CHECK(!table.find(term{atom{"named"}}));
}

CAF_TEST(pids are within what Erlang takes and come only once) {
  auto table = peer::internal::node::process_table{atom{"nonode@nohost"}};
  auto seen = std::set<pid>{};
  for (auto i = 0; i < 100'000; ++i) {
    auto id = table.make_pid();
    CAF_CHECK_EQUAL(id.creation, 0u);
    if (id.id > 32767 || id.serial > 8191 || !seen.insert(id).second)
      CAF_FAIL("bad pid " << id.id << '.' << id.serial);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
