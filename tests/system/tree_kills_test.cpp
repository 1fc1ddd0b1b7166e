// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Ten thousand kills of the peers of a tree, chosen at random. After them it is complete, and each end was told once.

#define CAF_SUITE peer.system.tree_kills

#include "peer/functions.hpp"
#include "peer/supervisor.hpp"
#include "support/look_until.hpp"
#include "support/system_fixture.hpp"

#include <csignal>
#include <map>
#include <mutex>
#include <optional>
#include <random>

using namespace peer::test;
using namespace std::literals;

using peer::child_spec;
using peer::child_state;
using peer::event_kind;
using peer::supervisor_event;

namespace {

constexpr auto tree_size = 20;

/// Kills that the tree has to survive.
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr auto kills = 500; // the same code, many times slower
#else
constexpr auto kills = 10'000;
#endif

struct fixture : system_fixture {
  fixture() : self(*sys) {}

  peer::start_options node() const {
    auto result = peer::start_options{.exec = peer::exec{PEER_NODE}};
    result.wait_boot = caf::timespan{patience};
    return result;
  }

  /// Half of the children in the root, and half in two supervisors below it, which must never give up.
  peer::supervisor_spec spec() const {
    auto flags = peer::supervisor_flags{.intensity = kills};
    auto result = peer::supervisor_spec{.flags = flags};
    for (auto name : {"left", "right"}) {
      auto below = peer::supervisor_spec{.flags = flags};
      for (auto i = 0; i < tree_size / 4; ++i)
        below.children.push_back({.id = "node" + std::to_string(i), .start = node()});
      result.children.push_back({.id = name, .start = std::move(below)});
    }
    for (auto i = 0; i < tree_size / 2; ++i)
      result.children.push_back({.id = "node" + std::to_string(i), .start = node()});
    return result;
  }

  /// Learns who lives, and checks that nobody ends twice.
  void on_event(const supervisor_event& event) {
    switch (event.kind) {
    case event_kind::started:
      alive[event.path] = *event.process_id;
      break;
    case event_kind::exited: {
      CAF_REQUIRE_EQUAL(end_status(event.reason), 128 + SIGKILL);
      CAF_REQUIRE_EQUAL(++ends[std::pair(event.path, event.generation)], 1);
      break;
    }
    case event_kind::start_failed: // killed before it was ready, which is an end, too
      CAF_REQUIRE_EQUAL(++ends[std::pair(event.path, event.generation)], 1);
      break;
    case event_kind::gave_up:
      CAF_FAIL("the supervisor of " << event.path << " gave up");
      break;
    default:
      break;
    }
  }

  /// Takes in what has happened, and waits for it if nobody is there who could be killed.
  void look() {
    auto receive = [&](auto timeout) {
      auto got = true;
      self->receive([&](const supervisor_event& event) { on_event(event); },
                    caf::after(timeout) >> [&] { got = false; });
      return got;
    };
    while (receive(0s)) {
    }
    while (alive.empty())
      if (!receive(patience))
        CAF_FAIL("no child came back");
  }

  void collect(const peer::supervisor& tree) {
    for (auto& child : value_of(tree.which_children()))
      if (child.process_id)
        alive[child.path] = *child.process_id;
      else
        collect(value_of(tree.at(child.path)));
  }

  caf::scoped_actor self;
  std::map<std::string, std::int64_t> alive;
  std::map<std::pair<std::string, std::uint64_t>, int> ends;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tree_kills_tests, fixture)

CAF_TEST(a tree survives ten thousand kills) {
  auto tree = value_of(peer::start_supervisor(*sys, spec()));
  collect(tree);
  CAF_REQUIRE_EQUAL(alive.size(), std::size_t{tree_size});
  CAF_CHECK_EQUAL(tree.subscribe(caf::actor_cast<caf::actor>(self.ptr())), caf::error{});
  auto random = std::minstd_rand{4711};
  for (auto i = 0; i < kills; ++i) {
    look();
    auto victim = std::next(alive.begin(), random() % alive.size());
    CAF_REQUIRE_EQUAL(kill(static_cast<pid_t>(victim->second), SIGKILL), 0);
    alive.erase(victim);
  }
  // All are back, and each kill was an end.
  while (alive.size() < tree_size || ends.size() < kills)
    self->receive([this](const supervisor_event& event) { on_event(event); },
                  caf::after(patience) >>
                      [this] { CAF_FAIL(alive.size() << " children live, and " << ends.size() << " have ended"); });
  CAF_CHECK_EQUAL(ends.size(), std::size_t{kills});
  auto answers = 0;
  auto call_all = [&](auto& call_again, const peer::supervisor& some) -> void {
    for (auto& child : value_of(some.which_children())) {
      if (child.kind == "supervisor") {
        call_again(call_again, value_of(some.at(child.id)));
        continue;
      }
      auto handle = value_of(some.child(child.id)).waiting(patience);
      answers += value_of(handle.call<std::vector<int>>("lists", "reverse", std::vector{1, 2})) == std::vector{2, 1};
    }
  };
  call_all(call_all, tree);
  CAF_CHECK_EQUAL(answers, tree_size);
  CAF_CHECK_EQUAL(children().size(), std::size_t{tree_size}); // no zombie
  CAF_CHECK_EQUAL(tree.stop(), caf::error{});
}

CAF_TEST(a tree of peers and Erlang nodes and actors survives kills) {
  auto flags = [](peer::restart_strategy strategy) {
    return peer::supervisor_flags{.strategy = strategy, .intensity = 1000};
  };
  auto echo = peer::functions{};
  echo.function("lists", "reverse", [](std::vector<int> xs) { return std::vector<int>{xs.rbegin(), xs.rend()}; });
  auto actors = std::map<std::string, caf::actor>{}; // the loop fills it
  auto mutex = std::mutex{};
  auto here = [&](const std::string& path) {
    return peer::actor_factory{[&, path, make = echo.in_process()](const peer::child_context& context) {
      auto made = make(context);
      auto lock = std::lock_guard{mutex};
      actors[path] = *made;
      return made;
    }};
  };
  auto rest = peer::supervisor_spec{.flags = flags(peer::restart_strategy::rest_for_one),
                                    .children = {{.id = "node", .start = node()},
                                                 {.id = "erl", .start = erl()},
                                                 {.id = "here", .start = here("rest/here")}}};
  auto all =
      peer::supervisor_spec{.flags = flags(peer::restart_strategy::one_for_all),
                            .children = {{.id = "node", .start = node()}, {.id = "here", .start = here("all/here")}}};
  auto tree = value_of(peer::start_supervisor(*sys, {.flags = flags(peer::restart_strategy::one_for_one),
                                                     .children = {{.id = "rest", .start = rest},
                                                                  {.id = "all", .start = all},
                                                                  {.id = "erl", .start = erl()},
                                                                  {.id = "here", .start = here("here")}}}));
  auto paths = std::vector<std::string>{"rest/node", "rest/erl", "rest/here", "all/node", "all/here", "erl", "here"};
  auto random = std::minstd_rand{42};
  for (auto i = 0; i < 60; ++i) {
    auto& path = paths[random() % paths.size()];
    auto process = std::optional<std::int64_t>{};
    CAF_REQUIRE(look_until([&] {
      auto child = tree.child(path); // fails while its supervisor restarts it
      auto known = child ? child->info() : child.error();
      process = known ? known->process_id : std::nullopt;
      return known && known->state == child_state::running;
    }));
    if (process) {
      kill(static_cast<pid_t>(*process), SIGKILL);
    } else {
      auto lock = std::lock_guard{mutex};
      caf::anon_send_exit(actors[path], caf::exit_reason::kill);
    }
  }
  for (auto& path : paths) {
    auto child = value_of(tree.child(path)).waiting(patience).within(patience);
    CAF_REQUIRE(look_until([&] { // what is killed at this moment may take a call along
      auto answer = child.call<std::vector<int>>("lists", "reverse", std::vector{1, 2});
      return answer && *answer == std::vector{2, 1};
    }));
  }
  CAF_CHECK_EQUAL(children().size(), 4u); // two of each kind
  actors.clear();
  CAF_CHECK_EQUAL(tree.stop(), caf::error{});
}

CAF_TEST_FIXTURE_SCOPE_END()
