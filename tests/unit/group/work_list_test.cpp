// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.group.work_list

#include "group/work_list.hpp"
#include "peer/failure.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <random>
#include <set>

using peer::errc;
using peer::internal::group::work_list;

namespace {

using assignment = peer::internal::group::work_list::assignment;

caf::error failed(errc code) {
  return caf::make_error(code, std::string{"so it is"});
}

/// The end of a peer, as the answer to a call.
caf::error ended(peer::delivery call) {
  auto details = peer::failure{};
  details.call = call;
  return caf::make_error(errc::exit_status, std::move(details));
}

/// Gives out everything that may be given out.
std::vector<assignment> give_out(peer::internal::group::work_list& work) {
  auto result = std::vector<assignment>{};
  while (auto next = work.next())
    result.push_back(*next);
  return result;
}

struct fixture {
  /// The next assignment; the test fails if there is none.
  static assignment next_of(peer::internal::group::work_list& work) {
    auto result = work.next();
    CAF_REQUIRE(result);
    return *result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(work_list_tests, fixture)

// -- giving out -------------------------------------------------------------------------------------------------------

CAF_TEST(each peer gets one item at a time by default) {
  auto work = peer::internal::group::work_list{3, 2, {}};
  auto given = give_out(work);
  CAF_REQUIRE_EQUAL(given.size(), 2u);
  CAF_CHECK(given[0] == (assignment{0, 0}));
  CAF_CHECK(given[1] == (assignment{1, 1}));
  work.finish(given[1]);
  CAF_CHECK(next_of(work) == (assignment{2, 1}));
  CAF_CHECK(!work.next());
}

CAF_TEST(a peer gets as many items as the options say) {
  auto work = peer::internal::group::work_list{10, 2, {.outstanding = 3}};
  auto loads = std::multiset<std::size_t>{};
  for (auto& x : give_out(work))
    loads.insert(x.peer);
  CAF_CHECK_EQUAL(loads.count(0), 3u);
  CAF_CHECK_EQUAL(loads.count(1), 3u);
}

CAF_TEST(the peer that has the fewest items gets the next) {
  auto work = peer::internal::group::work_list{5, 2, {.outstanding = 2}};
  auto given = give_out(work);
  CAF_REQUIRE_EQUAL(given.size(), 4u);
  for (auto& x : given)
    if (x.peer == 1)
      work.finish(x);
  CAF_CHECK_EQUAL(next_of(work).peer, 1u);
}

CAF_TEST(a list is done when each item has its answer) {
  auto work = peer::internal::group::work_list{2, 2, {}};
  auto given = give_out(work);
  CAF_CHECK(!work.done());
  work.finish(given[0]);
  CAF_CHECK(!work.done());
  CAF_CHECK(!work.fail(given[1], failed(errc::exception)));
  CAF_CHECK(work.done());
}

// -- items that come back ---------------------------------------------------------------------------------------------

CAF_TEST(a call that was not delivered goes to another peer before all others) {
  for (auto& why : {ended(peer::delivery::not_delivered), failed(errc::noconnection), failed(errc::overload),
                    failed(errc::noproc), caf::make_error(caf::sec::request_receiver_down)}) {
    auto work = peer::internal::group::work_list{9, 2, {}};
    auto given = give_out(work);
    CAF_CHECK(work.fail(given[0], why));
    work.finish(given[1]);
    CAF_CHECK(next_of(work) == (assignment{0, 1}));
    CAF_CHECK(!work.next()); // the peer that has not got it gets nothing else either
  }
}

CAF_TEST(a call that may have run fails) {
  for (auto& why : {ended(peer::delivery::unanswered), failed(errc::timeout), failed(errc::protocol_violation),
                    peer::with_delivery(failed(errc::noproc), peer::delivery::unanswered)}) {
    auto work = peer::internal::group::work_list{1, 2, {}};
    CAF_CHECK(!work.fail(next_of(work), why));
    CAF_CHECK(work.done());
  }
}

CAF_TEST(a call that may have run is repeated if that is safe) {
  for (auto& why : {ended(peer::delivery::unanswered), failed(errc::timeout), failed(errc::protocol_violation),
                    peer::with_delivery(failed(errc::noproc), peer::delivery::unanswered)}) {
    auto work = peer::internal::group::work_list{1, 2, {.safe_to_repeat = true}};
    CAF_CHECK(work.fail(next_of(work), why));
    CAF_CHECK(next_of(work) == (assignment{0, 1, 2}));
  }
}

CAF_TEST(calls that may have run are repeated no more often than the options say) {
  auto work = peer::internal::group::work_list{1, 9, {.safe_to_repeat = true, .attempts = 2}};
  CAF_CHECK(work.fail(next_of(work), failed(errc::timeout)));
  CAF_CHECK(!work.fail(next_of(work), failed(errc::timeout)));
  CAF_CHECK(work.done());
}

CAF_TEST(a call that was not delivered is no attempt) {
  auto work = peer::internal::group::work_list{1, 9, {.safe_to_repeat = true, .attempts = 2}};
  for (auto i = 0; i < 5; ++i)
    CAF_CHECK(work.fail(next_of(work), failed(errc::noconnection)));
  CAF_CHECK_EQUAL(next_of(work).attempt, 1u);
}

CAF_TEST(an answer is never repeated) {
  for (auto& why : {failed(errc::exception), failed(errc::bad_term)}) {
    auto work = peer::internal::group::work_list{2, 1, {.safe_to_repeat = true}};
    CAF_CHECK(!work.fail(next_of(work), why));
    CAF_CHECK(next_of(work) == (assignment{1, 0}));
  }
}

CAF_TEST(an item that was not answered in time returns to its peer only if there is no other) {
  auto alone = peer::internal::group::work_list{1, 1, {.safe_to_repeat = true}};
  CAF_CHECK(alone.fail(next_of(alone), failed(errc::timeout)));
  CAF_CHECK(next_of(alone) == (assignment{0, 0, 2}));
  auto work = peer::internal::group::work_list{3, 2, {.safe_to_repeat = true}};
  auto given = give_out(work);
  CAF_CHECK(work.fail(given[0], failed(errc::timeout)));
  CAF_CHECK(next_of(work) == (assignment{2, 0})); // the peer serves on
  CAF_CHECK(!work.next());
  work.finish(given[1]);
  CAF_CHECK(next_of(work) == (assignment{0, 1, 2}));
}

// -- peers that are gone ----------------------------------------------------------------------------------------------

CAF_TEST(a peer that has ended gets no more items) {
  for (auto& why : {ended(peer::delivery::unanswered), ended(peer::delivery::not_delivered)}) {
    auto work = peer::internal::group::work_list{9, 1, {}};
    work.fail(next_of(work), why);
    CAF_CHECK(!work.next());
  }
}

CAF_TEST(without peers all items that wait are stranded) {
  auto work = peer::internal::group::work_list{4, 2, {}};
  auto given = give_out(work);
  CAF_CHECK(work.fail(given[0], ended(peer::delivery::not_delivered)));
  CAF_CHECK(work.take_stranded().empty());
  CAF_CHECK(!work.fail(given[1], ended(peer::delivery::unanswered)));
  CAF_CHECK(work.take_stranded() == (std::vector<std::size_t>{0, 2, 3}));
  CAF_CHECK(work.take_stranded().empty());
  CAF_CHECK(work.done());
}

CAF_TEST(what a peer that refuses more has got already is waited for) {
  auto work = peer::internal::group::work_list{2, 1, {.outstanding = 2}};
  auto given = give_out(work);
  CAF_CHECK(work.fail(given[1], failed(errc::overload)));
  CAF_CHECK(work.take_stranded() == std::vector<std::size_t>{1});
  CAF_CHECK(!work.done());
  work.finish(given[0]);
  CAF_CHECK(work.done());
}

CAF_TEST(whatever happens each item is answered once) {
  auto random = std::minstd_rand{};
  for (auto round = 0; round < 500; ++round) {
    auto work =
        peer::internal::group::work_list{50, 1 + random() % 8, {1 + random() % 4, random() % 2 == 0, 1 + random() % 3}};
    auto answered = std::vector<int>(50);
    auto given = std::vector<assignment>{};
    while (!work.done()) {
      for (auto& x : give_out(work))
        given.push_back(x);
      for (auto item : work.take_stranded())
        ++answered[item];
      if (given.empty())
        break;
      std::swap(given[random() % given.size()], given.back());
      auto x = given.back();
      given.pop_back();
      auto events = std::vector<caf::error>{{},
                                            {},
                                            {},
                                            {},
                                            failed(errc::exception),
                                            failed(errc::timeout),
                                            failed(errc::noconnection),
                                            ended(peer::delivery::unanswered)};
      if (auto& why = events[random() % events.size()]; !why) {
        work.finish(x);
        ++answered[x.item];
      } else if (!work.fail(x, why)) {
        ++answered[x.item];
      }
    }
    CAF_CHECK(answered == std::vector<int>(50, 1));
    CAF_CHECK(work.done());
    CAF_CHECK(given.empty());
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
