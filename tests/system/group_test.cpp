// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Groups of peers.

#define CAF_SUITE peer.system.group

#include "hostile_fixture.hpp"
#include "peer/group.hpp"
#include "process/kernel_limits.hpp"
#include "support/look_until.hpp"

#include <csignal>
#include <numeric>
#include <random>
#include <thread>

#include <sched.h>

using namespace peer::test;
using namespace std::literals;

using peer::atom;
using peer::errc;
using peer::group;
using peer::term;

namespace {

struct fixture : system_fixture {
  /// Members whose control actors stay when their peers end.
  peer::group_options nodes(std::size_t size) const {
    auto each = peer::start_options{.exec = peer::exec{PEER_NODE}, .connection = peer::inherited{}};
    each.peer_down = peer::peer_down::continue_;
    each.wait_boot = caf::timespan{patience};
    each.output = line_log{console}.sink();
    return {.each = std::move(each), .size = size};
  }

  group start_nodes(std::size_t size) { return value_of(peer::start_group(*sys, nodes(size))).within(patience); }

  caf::error group_failure(const peer::group_options& options) { return error_of(peer::start_group(*sys, options)); }

  /// Kills a member and waits until that is known.
  static void kill_member(const peer::handle& member) {
    kill(process_of(member), SIGKILL);
    CAF_REQUIRE(look_until([&] { return value_of(member.get_state()).state == peer::peer_state::down; }));
  }

  /// The calls that a peer has not answered.
  static std::size_t outstanding(const peer::handle& member) {
    auto state = value_of(member.state());
    return state.get_if<peer::erl::map>()->find(atom{"outstanding"})->get_if<peer::erl::map>()->size();
  }

  /// Waits until a peer has a call that it has not answered.
  static void wait_for_call(const peer::handle& member) {
    CAF_REQUIRE(look_until([&] { return outstanding(member) > 0; }));
  }

  /// Members and spares whose ends are told, and which know their numbers.
  peer::group_options with_spares(std::size_t size, std::size_t spares) const {
    auto result = nodes(size);
    result.each.peer_down = peer::peer_down::stop;
    result.spares = spares;
    result.adapt = [](std::size_t index, peer::start_options& x) {
      x.env.emplace_back("NUMBER", std::to_string(index));
    };
    return result;
  }

  static void wait_for_spares(const group& members, std::size_t count) {
    CAF_REQUIRE(look_until([&] { return members.spares().running.size() == count; }));
  }

  static void check_numbers(const group& members, const std::vector<std::string>& expected) {
    auto answers = members.multicall<term>("os", "getenv", charlist("NUMBER"));
    CAF_REQUIRE_EQUAL(answers.size(), expected.size());
    for (std::size_t i = 0; i < answers.size(); ++i)
      CAF_CHECK_EQUAL(value_of(answers[i]), charlist(expected[i]));
  }

  static bool ready(const auto& result) { return result.wait_for(0ms) == std::future_status::ready; }

  static void suspend(pid_t process) {
    kill(process, SIGSTOP);
    CAF_REQUIRE(wait_until_suspended(process));
  }

  /// Stops all; each that was running has to follow.
  static void stop(const group& members) {
    for (auto& report : members.stop())
      CAF_CHECK(report);
    CAF_CHECK(children().empty());
  }

  template <class T>
  static void check_all_are(const std::vector<caf::expected<T>>& answers, const T& value) {
    for (auto& x : answers)
      if (!x)
        CAF_ERROR(peer::describe(x.error()));
      else
        CAF_CHECK_EQUAL(*x, value);
  }

  /// Items that all are different.
  static std::vector<int> numbers(std::size_t count) {
    auto result = std::vector<int>(count);
    std::iota(result.begin(), result.end(), 0);
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(group_tests, fixture)

// -- start ------------------------------------------------------------------------------------------------------------

CAF_TEST(fifty peers start together and answer each for itself) {
  auto options = nodes(50);
  options.adapt = [](std::size_t index, peer::start_options& x) {
    x.env.emplace_back("NUMBER", std::to_string(index));
  };
  auto members = value_of(peer::start_group(*sys, options)).within(patience);
  CAF_CHECK_EQUAL(members.size(), 50u);
  auto answers = members.multicall<term>("os", "getenv", charlist("NUMBER"));
  CAF_REQUIRE_EQUAL(answers.size(), 50u);
  for (std::size_t i = 0; i < answers.size(); ++i)
    CAF_CHECK_EQUAL(value_of(answers[i]), charlist(std::to_string(i)));
  stop(members);
}

CAF_TEST(if one member does not start none is left and the error names it) {
  auto options = nodes(20);
  options.adapt = [](std::size_t index, peer::start_options& x) {
    if (index == 13)
      x.exec = peer::exec{"/nowhere/to/be/found"};
  };
  auto why = group_failure(options);
  CAF_CHECK_EQUAL(why, errc::boot_failed);
  check_contains(peer::describe(why), "member 13 of the group, ");
  CAF_CHECK(children().empty());
}

CAF_TEST(if one member ends in its boot the others are not waited for) {
  auto options = nodes(3);
  options.adapt = [this](std::size_t index, peer::start_options& x) {
    if (index != 2)
      x = script(index == 1 ? "exit 7" : "exec sleep 1000");
    x.wait_boot = caf::infinite;
    x.shutdown = peer::shutdown_close{};
  };
  auto why = group_failure(options);
  CAF_CHECK_EQUAL(end_status(why), 7);
  check_contains(peer::describe(why), "member 1 of the group, ");
  CAF_CHECK(children().empty());
}

CAF_TEST(nothing is started if the options of one member are wrong) {
  auto options = nodes(3);
  options.adapt = [](std::size_t index, peer::start_options& x) {
    if (index == 2)
      x.host = "somewhere"; // needs a name
  };
  auto why = group_failure(options);
  CAF_CHECK_EQUAL(why, errc::invalid_option);
  check_contains(peer::describe(why), "member 2 of the group: ");
  options.adapt = [](std::size_t index, peer::start_options& x) {
    if (index == 1)
      x.wait_boot = peer::no_wait{};
  };
  check_contains(peer::describe(group_failure(options)), "member 1 of the group: wait_boot");
  check_contains(peer::describe(group_failure(nodes(0))), "size must be at least 1, not 0");
}

CAF_TEST(members can have one processor each in turn) {
  auto options = nodes(4);
  options.spread_over_cpus = true;
  auto members = value_of(peer::start_group(*sys, options));
  auto usable = peer::internal::process::usable_cpus();
  for (std::size_t i = 0; i < members.size(); ++i) {
    auto mask = cpu_set_t{};
    CAF_REQUIRE_EQUAL(sched_getaffinity(process_of(members[i]), sizeof(mask), &mask), 0);
    CAF_CHECK_EQUAL(CPU_COUNT(&mask), 1);
    CAF_CHECK(CPU_ISSET(static_cast<std::size_t>(usable[i % usable.size()]), &mask));
  }
  for (auto& report : members.stop())
    CAF_CHECK_EQUAL(value_of(report).ended_by, peer::stop_step::asked);
}

CAF_TEST(members that nobody waits for are there at once and a barrier waits for them) {
  auto options = nodes(5);
  options.each.wait_boot = peer::no_wait{};
  auto members = value_of(peer::start_group(*sys, options));
  CAF_CHECK(!members.barrier(patience));
  for (auto& member : members)
    CAF_CHECK_EQUAL(value_of(member.get_state()).state, peer::peer_state::running);
  stop(members);
}

// -- multicall --------------------------------------------------------------------------------------------------------

CAF_TEST(a member that was killed has an error among the answers) {
  auto members = start_nodes(5);
  kill_member(members[3]);
  auto answers = members.multicall<std::vector<int>>("lists", "reverse", std::vector{1, 2});
  CAF_REQUIRE_EQUAL(answers.size(), 5u);
  for (std::size_t i = 0; i < 5; ++i)
    if (i == 3)
      CAF_CHECK_EQUAL(peer::delivery_of(error_of(answers[i])), peer::delivery::not_delivered);
    else
      CAF_CHECK_EQUAL(value_of(answers[i]), (std::vector{2, 1}));
  stop(members);
}

CAF_TEST(the report of a member that was killed has its status and usage) {
  auto options = nodes(2);
  options.each.peer_down = peer::peer_down::stop; // its control actor exits, too
  auto members = value_of(peer::start_group(*sys, options));
  auto lost = members[1];
  kill(process_of(lost), SIGKILL);
  CAF_REQUIRE(look_until([&] { return lost.get_state() == errc::noproc; }));
  auto reports = members.stop();
  CAF_REQUIRE_EQUAL(reports.size(), 2u);
  auto report = value_of(reports[1]);
  CAF_REQUIRE(report.status.has_value());
  CAF_CHECK_EQUAL(report.status->value, SIGKILL);
  CAF_CHECK(report.status->max_rss > 0);
  CAF_CHECK(report.ended_by == peer::stop_step::none);
}

CAF_TEST(an answer that is an error names the member) {
  auto members = start_nodes(2);
  auto answers = members.multicall<int>("erlang", "error", atom{"no"});
  CAF_CHECK(peer::describe(answers[1].error()).starts_with("member 1 of the group: the call of erlang:error in peer"));
  CAF_CHECK(peer::text_of(members.multicall<int>("erlang", "node")[0].error()).starts_with("member 0 of the group: "));
}

CAF_TEST(a member that is killed during a call is told with its end) {
  auto members = start_nodes(3);
  auto answers =
      std::async(std::launch::async, [&] { return members.multicall<atom>("timer", "sleep", atom{"infinity"}); });
  for (auto& member : members) {
    wait_for_call(member);
    kill_member(member);
  }
  for (auto& x : answers.get()) {
    auto why = error_of(x);
    CAF_CHECK_EQUAL(end_status(why), 137);
    CAF_CHECK_EQUAL(peer::delivery_of(why), peer::delivery::unanswered);
  }
  stop(members);
}

CAF_TEST(one time-out is for all members and those that answered in time are not lost) {
  auto members = start_nodes(4);
  auto suspended = process_of(members[2]);
  suspend(suspended);
  auto answers = members.within(3s).multicall<void>("erlang", "node");
  for (std::size_t i = 0; i < 4; ++i)
    if (i == 2)
      CAF_CHECK_EQUAL(error_of(answers[i]), errc::timeout);
    else
      CAF_CHECK(answers[i]);
  kill(suspended, SIGCONT);
  stop(members);
}

CAF_TEST(a control actor that is suspended holds nobody up) {
  auto members = start_nodes(2);
  auto self = caf::scoped_actor{*sys};
  self->request(members[0].actor(), caf::infinite, peer::sys_suspend_atom_v)
      .receive([] { CAF_CHECK(true); }, [](const caf::error& why) { CAF_ERROR(peer::describe(why)); });
  auto impatient = members.within(3s);
  auto answers = impatient.multicall<void>("erlang", "node");
  CAF_CHECK_EQUAL(error_of(answers[0]), errc::timeout);
  CAF_CHECK(answers[1]);
  auto results = impatient.map<int>("peer_node", "echo", numbers(20), {.safe_to_repeat = true});
  for (auto i = 0; i < 20; ++i)
    CAF_CHECK_EQUAL(value_of(results[i]), i);
  check_contains(peer::describe(members.barrier(300ms)), "member 0 of the group: ");
  stop(members);
}

CAF_TEST(exceptions and wrong types are errors of single answers) {
  auto members = start_nodes(2);
  for (auto& x : members.multicall<void>("erlang", "throw", atom{"ball"}))
    CAF_CHECK_EQUAL(error_of(x), errc::exception);
  for (auto& x : members.multicall<int>("erlang", "node"))
    CAF_CHECK_EQUAL(error_of(x), errc::type_mismatch);
  stop(members);
}

CAF_TEST(erl and peers in C++ are members of one group) {
  auto options = nodes(4);
  options.adapt = [this](std::size_t index, peer::start_options& x) {
    if (index % 2 == 1)
      x = erl();
  };
  auto members = value_of(peer::start_group(*sys, options)).within(patience);
  check_all_are(members.multicall<std::vector<int>>("lists", "reverse", std::vector{1, 2, 3}), std::vector{3, 2, 1});
  auto lists = std::vector<std::vector<int>>{};
  for (auto i = 0; i < 200; ++i)
    lists.push_back({i, i + 1});
  auto results = members.map<std::vector<int>>("lists", "reverse", lists, {.outstanding = 4});
  for (auto i = 0; i < 200; ++i)
    CAF_CHECK_EQUAL(value_of(results[i]), (std::vector{i + 1, i}));
  stop(members);
}

// -- map --------------------------------------------------------------------------------------------------------------

CAF_TEST(the results of a map are in the order of the items) {
  auto members = start_nodes(3);
  auto results = members.map<int>("peer_node", "echo", numbers(5000), {.outstanding = 8});
  CAF_REQUIRE_EQUAL(results.size(), 5000u);
  for (auto i = 0; i < 5000; ++i)
    if (!results[i] || *results[i] != i)
      CAF_ERROR("item " << i << " has another answer");
  CAF_CHECK(members.map<int>("peer_node", "echo", std::vector<int>{}).empty());
  auto refused = members.map<int>("peer_node", "echo", numbers(2), {.outstanding = 0});
  CAF_CHECK_EQUAL(error_of(refused[1]), errc::invalid_option);
  stop(members);
}

CAF_TEST(an item that is no term fails alone) {
  auto members = start_nodes(2);
  auto results = members.map<term>("peer_node", "echo", std::vector<term>{1, atom{std::string(300, 'x')}, 3});
  CAF_CHECK_EQUAL(value_of(results[0]), term{1});
  CAF_CHECK(!results[1]);
  CAF_CHECK_EQUAL(value_of(results[2]), term{3});
  stop(members);
}

CAF_TEST(a peer has no more calls than the options say) {
  auto members = start_nodes(1);
  auto results = std::async(std::launch::async, [&] {
    return members.map<atom>("timer", "sleep", std::vector<int>(4, 100), {.outstanding = 2});
  });
  auto most = std::size_t{0};
  while (!ready(results))
    most = std::max(most, outstanding(members[0]));
  CAF_CHECK_EQUAL(most, 2u);
  check_all_are(results.get(), atom{"ok"});
  stop(members);
}

CAF_TEST(members that are gone already get no items) {
  auto options = nodes(4);
  options.adapt = [](std::size_t index, peer::start_options& x) {
    if (index == 0)
      x.peer_down = peer::peer_down::stop; // its control actor goes, too
  };
  auto members = value_of(peer::start_group(*sys, options)).within(patience);
  auto first = end_watch{*sys, members[0].actor()};
  kill(process_of(members[0]), SIGKILL);
  CAF_CHECK(!first.reason());
  kill_member(members[1]);
  auto results = members.map<int>("peer_node", "echo", numbers(100));
  for (auto i = 0; i < 100; ++i)
    CAF_CHECK_EQUAL(value_of(results[i]), i);
  kill_member(members[2]);
  kill_member(members[3]);
  for (auto& x : members.map<int>("peer_node", "echo", numbers(100)))
    CAF_CHECK_EQUAL(peer::delivery_of(error_of(x)), peer::delivery::not_delivered);
}

CAF_TEST(an item that may have run is not repeated unless that is safe) {
  auto members = start_nodes(4);
  auto once = members.map<atom>("peer_node", "crash", std::vector{SIGKILL});
  CAF_CHECK_EQUAL(end_status(error_of(once[0])), 137);
  CAF_CHECK_EQUAL(peer::delivery_of(error_of(once[0])), peer::delivery::unanswered);
  CAF_CHECK_EQUAL(children().size(), 3u);
  auto twice = members.map<atom>("peer_node", "crash", std::vector{SIGKILL}, {.safe_to_repeat = true, .attempts = 2});
  CAF_CHECK_EQUAL(end_status(error_of(twice[0])), 137);
  CAF_CHECK_EQUAL(children().size(), 1u); // so many attempts, so many peers
  stop(members);
}

CAF_TEST(when all members end the remaining items have the last reason) {
  auto members = start_nodes(3);
  auto results = std::async(std::launch::async, [&] {
    return members.map<atom>("timer", "sleep", std::vector<atom>(30, atom{"infinity"}), {.outstanding = 2});
  });
  for (auto& member : members) {
    wait_for_call(member);
    kill(process_of(member), SIGKILL);
  }
  for (auto& x : results.get())
    CAF_CHECK_EQUAL(end_status(error_of(x)), 137);
  CAF_CHECK(children().empty());
}

CAF_TEST(an item is given to another member if its first is killed) {
  auto members = start_nodes(2);
  auto results = std::async(std::launch::async, [&] {
    return members.map<atom>("timer", "sleep", std::vector{1000, 1000}, {.safe_to_repeat = true});
  });
  wait_for_call(members[1]);
  kill_member(members[1]);
  check_all_are(results.get(), atom{"ok"});
  stop(members);
}

CAF_TEST(an item that was not delivered is given to another member even if repeating is not safe) {
  auto members = start_nodes(2);
  suspend(process_of(members[0]));
  auto large = std::vector(4, std::string(4 << 20, 'x')); // more than a socket holds
  auto results = std::async(std::launch::async, [&] { return members.map<std::string>("peer_node", "echo", large); });
  wait_for_call(members[0]);
  kill_member(members[0]);
  for (auto& x : results.get())
    CAF_CHECK_EQUAL(value_of(x).size(), large[0].size());
  stop(members);
}

CAF_TEST(each item is answered once while members are killed) {
  for (auto safe : {true, false}) {
    auto members = start_nodes(8);
    auto results = std::async(std::launch::async, [&] {
      auto options = peer::map_options{.outstanding = 4, .safe_to_repeat = safe, .attempts = 7}; // one more than kills
      return members.map<int>("peer_node", "echo", numbers(20'000), options);
    });
    for (std::size_t i = 0; i < 6; ++i) {
      CAF_CHECK(look_until([&] { return ready(results) || outstanding(members[7]) > 0; }));
      kill_member(members[i]);
    }
    auto lost = 0;
    auto all = results.get();
    CAF_REQUIRE_EQUAL(all.size(), 20'000u);
    for (auto i = 0; i < 20'000; ++i) {
      if (all[i] && *all[i] != i)
        CAF_ERROR("item " << i << " has the answer " << *all[i]);
      if (!all[i]) {
        ++lost;
        CAF_CHECK_EQUAL(peer::delivery_of(all[i].error()), peer::delivery::unanswered);
      }
    }
    CAF_MESSAGE(lost << " items were lost");
    CAF_CHECK_LESS_OR_EQUAL(lost, safe ? 0 : 6 * 4);
    stop(members);
  }
}

// -- casts, messages, barrier -----------------------------------------------------------------------------------------

CAF_TEST(a barrier waits until casts and messages have been taken in) {
  auto options = nodes(4);
  options.adapt = [this](std::size_t index, peer::start_options& x) {
    if (index == 3)
      x = erl();
  };
  auto members = value_of(peer::start_group(*sys, options)).within(patience);
  CAF_CHECK(!members.cast("io", "put_chars", "a cast\n"));
  CAF_CHECK(!members.barrier(patience));
  auto lines = console.wait_for(4);
  CAF_CHECK_EQUAL(std::count(lines.begin(), lines.end(), "a cast"), 4);
  auto self = caf::scoped_actor{*sys};
  for (std::size_t i = 0; i < 3; ++i) // `echo` is an actor of peer_node
    CAF_CHECK(!members[i].send("echo", std::tuple{value_of(members[i].expose(caf::actor_cast<caf::actor>(self))), 7}));
  CAF_CHECK(!members.send("nobody", atom{"here"}));
  CAF_CHECK(!members.barrier(patience));
  for (auto i = 0; i < 3; ++i)
    self->receive([](const term& x) { CAF_CHECK_EQUAL(x, "{echo,7}"_term); },
                  caf::after(patience) >> [] { CAF_FAIL("no answer"); });
  stop(members);
}

CAF_TEST(a barrier names the member that does not come) {
  auto members = start_nodes(3);
  kill_member(members[1]);
  check_contains(peer::describe(members.barrier(patience)), "member 1 of the group");
  auto suspended = process_of(members[2]);
  suspend(suspended);
  auto others = group{*sys, {members[0], members[2]}};
  auto why = others.barrier(200ms);
  CAF_CHECK_EQUAL(why, errc::timeout);
  check_contains(peer::describe(why), "member 1 of the group: ");
  kill(suspended, SIGCONT);
  CAF_CHECK(!others.barrier(patience));
  stop(members);
}

// -- usage, stop ------------------------------------------------------------------------------------------------------

CAF_TEST(the usage of members is told while they run and at their end) {
  auto members = start_nodes(3);
  for (auto& x : members.usage())
    CAF_CHECK_GREATER(value_of(x).rss, 100);
  kill_member(members[1]);
  auto usage = members.usage();
  CAF_CHECK(usage[0]);
  CAF_CHECK_EQUAL(end_status(error_of(usage[1])), 137);
  auto reports = members.stop();
  for (auto& report : reports)
    CAF_CHECK_GREATER(value_of(report).status->max_rss, 100);
  for (auto& x : members.usage())
    CAF_CHECK_EQUAL(error_of(x), errc::noproc);
  for (auto& x : members.stop())
    CAF_CHECK_EQUAL(error_of(x), errc::noproc);
}

CAF_TEST(a member that is suspended does not keep the others from stopping) {
  auto options = nodes(6);
  options.each.shutdown = peer::shutdown_halt{1s};
  auto members = value_of(peer::start_group(*sys, options));
  suspend(process_of(members[4]));
  auto reports = members.stop();
  for (std::size_t i = 0; i < 6; ++i)
    CAF_CHECK_EQUAL(value_of(reports[i]).ended_by, i == 4 ? peer::stop_step::killed : peer::stop_step::closed);
  CAF_CHECK(children().empty());
}

// -- spares -----------------------------------------------------------------------------------------------------------

CAF_TEST(a spare that ran already takes the place of a member that ended) {
  auto members = value_of(peer::start_group(*sys, with_spares(2, 1))).within(patience);
  wait_for_spares(members, 1);
  auto spare = process_of(members.spares().running.front());
  kill(process_of(members[1]), SIGKILL);
  CAF_REQUIRE(look_until([&] { return members.spares().used == 1; }));
  CAF_CHECK_EQUAL(process_of(members[1]), spare);
  CAF_CHECK_EQUAL(members.size(), 2u);
  check_numbers(members, {"0", "2"});
  wait_for_spares(members, 1); // a new one, with the options of the member that ended
  kill(process_of(members[0]), SIGKILL);
  CAF_REQUIRE(look_until([&] { return members.spares().used == 2; }));
  check_numbers(members, {"1", "2"});
  CAF_CHECK(!members.spares().last_failure);
  wait_for_spares(members, 1);
  auto reports = members.stop();
  CAF_CHECK_EQUAL(reports.size(), 3u); // with the spare's
  for (auto& report : reports)
    CAF_CHECK(report);
  CAF_CHECK(children().empty());
}

CAF_TEST(members that end while no spare runs get those that run later) {
  auto members = value_of(peer::start_group(*sys, with_spares(3, 1))).within(patience);
  auto before = std::vector<pid_t>{};
  for (auto& member : members)
    before.push_back(process_of(member));
  for (auto process : before)
    kill(process, SIGKILL);
  CAF_REQUIRE(look_until([&] { return members.spares().used == 3; }));
  auto last = std::size_t{0};
  for (auto& member : members) {
    CAF_CHECK_EQUAL(std::count(before.begin(), before.end(), process_of(member)), 0);
    ++last;
  }
  CAF_CHECK_EQUAL(last, 3u);
  stop(members);
}

CAF_TEST(a spare that does not start is told and keeps no member from running) {
  auto options = with_spares(1, 1);
  options.adapt = [this](std::size_t index, peer::start_options& x) {
    if (index == 1)
      x.exec = script("exit 7").exec;
  };
  auto members = value_of(peer::start_group(*sys, options)).within(patience);
  CAF_REQUIRE(look_until([&] { return static_cast<bool>(members.spares().last_failure); }));
  CAF_CHECK_EQUAL(end_status(members.spares().last_failure), 7);
  CAF_CHECK(members.spares().running.empty());
  CAF_CHECK_EQUAL(value_of(members[0].call<int>("peer_node", "echo", 1)), 1);
  members.stop();
  CAF_CHECK(children().empty());
}

CAF_TEST(a spare that ends in reserve is replaced) {
  auto members = value_of(peer::start_group(*sys, with_spares(1, 1)));
  wait_for_spares(members, 1);
  auto spare = process_of(members.spares().running.front());
  kill(spare, SIGKILL);
  CAF_REQUIRE(look_until([&] {
    auto now = members.spares().running;
    auto state = caf::expected<peer::peer_status>{caf::error{}};
    if (now.size() == 1)
      state = now.front().get_state();
    return state && state->process_id && *state->process_id != spare; // the killed one may be there for a moment
  }));
  CAF_CHECK(members.spares().last_failure);
  CAF_CHECK_EQUAL(members.spares().used, 0u);
  stop(members);
}

CAF_TEST(a group that is stopped while its spares boot leaves none) {
  auto members = value_of(peer::start_group(*sys, with_spares(2, 5)));
  CAF_CHECK_EQUAL(members.stop().size(), 7u);
  CAF_CHECK(children().empty());
  for (auto& report : members.stop()) // once more
    CAF_CHECK_EQUAL(error_of(report), errc::noproc);
}

CAF_TEST(the end of the last copy of a group stops the spares but not the members) {
  auto member = [this] {
    auto members = value_of(peer::start_group(*sys, with_spares(1, 2)));
    wait_for_spares(members, 2);
    auto copy = members;
    return copy[0];
  }();
  CAF_CHECK(look_until([] { return children().size() == 1; }));
  CAF_CHECK_EQUAL(value_of(member.call<int>("peer_node", "echo", 1)), 1);
  CAF_CHECK(member.stop());
  CAF_CHECK(children().empty());
}

CAF_TEST(there are no spares for members whose end nobody is told of) {
  auto options = nodes(2);
  options.spares = 1;
  auto why = group_failure(options);
  CAF_CHECK_EQUAL(why, errc::invalid_option);
  check_contains(peer::describe(why), "member 0 of the group: peer_down must not be continue");
  CAF_CHECK(children().empty());
}

CAF_TEST_FIXTURE_SCOPE_END()
