// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Trees of C++ peers, Erlang nodes, actors and supervisors, with real processes that are really killed.

#define CAF_SUITE peer.system.tree

#include "peer/functions.hpp"
#include "peer/supervisor.hpp"
#include "support/look_until.hpp"
#include "support/system_fixture.hpp"

#include <atomic>
#include <csignal>
#include <cstdio>
#include <future>
#include <optional>
#include <stop_token>

#include <unistd.h>

using namespace peer::test;
using namespace std::literals;

using peer::child_info;
using peer::child_spec;
using peer::child_state;
using peer::errc;
using peer::event_kind;
using peer::supervisor_event;

namespace {

caf::behavior echo(caf::event_based_actor*, caf::actor receiver) {
  return {[receiver](const peer::term& what) { caf::anon_send(receiver, what); }};
}

struct fixture : system_fixture {
  fixture() : self(*sys) {}

  peer::start_options node() const {
    auto result = peer::start_options{.exec = peer::exec{PEER_NODE}};
    result.output = console_sink.sink();
    return result;
  }

  peer::supervisor start_tree(peer::supervisor_spec spec) {
    return value_of(peer::start_supervisor(*sys, std::move(spec)));
  }

  peer::supervisor start_tree(std::vector<child_spec> children) {
    return start_tree(peer::supervisor_spec{.flags = {.intensity = 100}, .children = std::move(children)});
  }

  /// Waits for an event of that child and returns it; drops those before it.
  supervisor_event wait_for(std::string_view path, event_kind kind) {
    for (;;) {
      auto result = std::optional<supervisor_event>{};
      self->receive([&](const supervisor_event& x) { result = x; },
                    caf::after(patience) >> [&] { CAF_FAIL("no event " << to_string(kind) << " of " << path); });
      if (result->path == path && result->kind == kind)
        return std::move(*result);
    }
  }

  child_info info(const peer::supervisor& tree, std::string_view path) {
    return value_of(value_of(tree.child(path)).info());
  }

  void stop(const peer::supervisor& tree) { CAF_CHECK_EQUAL(tree.stop(), caf::error{}); }

  mutable line_log console_sink;
  caf::scoped_actor self;
};

/// Adds a function that tells its process to whatever has functions.
template <class Target>
void add_process_number(Target& target) {
  target.function("os", "getpid", [] { return std::to_string(getpid()); });
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(tree_tests, fixture)

CAF_TEST(peers and Erlang nodes and actors and supervisors are children) {
  auto spawn_echo = [this](const peer::child_context& context) -> caf::expected<caf::actor> {
    return context.system.spawn(echo, caf::actor_cast<caf::actor>(self.ptr()));
  };
  auto tree = start_tree(
      {{.id = "echo", .start = peer::actor_factory{spawn_echo}},
       {.id = "node", .start = node()},
       {.id = "below",
        .start = peer::supervisor_spec{.children = {{.id = "erl", .start = erl()}, {.id = "node", .start = node()}}}}});
  auto kinds = std::vector<std::string>{};
  for (auto& child : value_of(tree.which_children())) {
    kinds.push_back(child.kind);
    CAF_CHECK_EQUAL(child.state, child_state::running);
    CAF_CHECK_EQUAL(child.generation, 1u);
  }
  CAF_CHECK_EQUAL(kinds, (std::vector<std::string>{"actor", "peer", "supervisor"}));
  for (auto path : {"node", "below/node", "below/erl"}) {
    auto child = value_of(tree.child(path));
    CAF_CHECK_EQUAL(child.call<std::vector<int>>("lists", "reverse", std::vector{1, 2}), (std::vector{2, 1}));
  }
  CAF_CHECK_EQUAL(value_of(tree.child("echo")).send("anybody", "hello"s), caf::error{});
  self->receive([](const peer::term& what) { CAF_CHECK_EQUAL(what, peer::term{"hello"}); },
                caf::after(patience) >> [] { CAF_FAIL("no echo"); });
  CAF_CHECK_EQUAL(info(tree, "below/erl").kind, "erlang");
  auto below = value_of(tree.at("below"));
  CAF_CHECK_EQUAL(value_of(below.count_children()).active, 2u);
  CAF_CHECK_EQUAL(error_of(tree.child("below/nobody")), errc::not_found);
  CAF_CHECK_EQUAL(error_of(tree.child("node/nobody")), errc::not_found);
  stop(tree);
}

CAF_TEST(a killed peer comes back behind the same handle) {
  auto tree = start_tree({{.id = "node", .start = node()}});
  CAF_CHECK_EQUAL(tree.subscribe(caf::actor_cast<caf::actor>(self.ptr())), caf::error{});
  auto child = value_of(tree.child("node"));
  auto first = value_of(child.call<std::string>("os", "getpid"));
  auto generation = info(tree, "node").generation;
  kill(static_cast<pid_t>(std::stoi(first)), SIGKILL);
  auto end = wait_for("node", event_kind::exited);
  CAF_CHECK_EQUAL(end.process_id, std::stoi(first));
  CAF_CHECK_EQUAL(end_status(end.reason), 128 + SIGKILL);
  auto second = value_of(child.waiting(patience).call<std::string>("os", "getpid"));
  CAF_CHECK_NOT_EQUAL(first, second);
  auto now = info(tree, "node");
  CAF_CHECK_EQUAL(now.generation, generation + 1);
  CAF_CHECK_EQUAL(now.restarts, 1u);
  CAF_CHECK_EQUAL(now.process_id, std::stoi(second));
  CAF_CHECK_EQUAL(error_of(child.only(generation).call<std::string>("os", "getpid")), errc::noproc);
  CAF_CHECK_EQUAL(value_of(child.only(now.generation).call<std::string>("os", "getpid")), second);
  stop(tree);
}

CAF_TEST(a call into a peer that is killed is answered with its end) {
  auto tree = start_tree({{.id = "node", .start = node()}});
  auto child = value_of(tree.child("node"));
  auto failed = error_of(child.call<void>("peer_node", "crash", SIGKILL));
  CAF_CHECK_EQUAL(failed, errc::exit_status);
  CAF_CHECK_EQUAL(end_status(failed), 128 + SIGKILL);
  stop(tree);
}

CAF_TEST(where a child runs is one field of its spec) {
  auto here = peer::functions{};
  add_process_number(here);
  for (auto& start : {peer::placement{here.in_process()}, peer::placement{node()}, peer::placement{erl()}}) {
    auto tree = start_tree({{.id = "worker", .start = start}});
    auto number = value_of(value_of(tree.child("worker")).call<std::string>("os", "getpid"));
    CAF_CHECK_EQUAL(std::stoi(number) == getpid(), std::holds_alternative<peer::actor_factory>(start));
    auto undefined = value_of(tree.child("worker")).call<void>("os", "nothing");
    CAF_CHECK_EQUAL(error_of(std::move(undefined)), errc::exception);
    stop(tree);
  }
}

CAF_TEST(a function of this process can be told that nobody waits) {
  auto here = peer::functions{};
  auto told = std::promise<void>{};
  here.function("here", "wait", [&told](std::stop_token stop) {
    auto when_stopped = std::stop_callback{stop, [&told] { told.set_value(); }};
    told.get_future().wait();
  });
  auto tree = start_tree({{.id = "here", .start = here.in_process()}});
  auto child = value_of(tree.child("here"));
  CAF_CHECK_EQUAL(error_of(child.within(1ms).call<void>("here", "wait")), errc::timeout);
  stop(tree);
}

CAF_TEST(a tree whose child does not start leaves nothing) {
  auto bad = node();
  bad.exec = peer::exec{"/bin/sh", {"-c", "exit 7"}};
  bad.connection = peer::inherited{};
  auto tree = peer::start_supervisor(
      *sys, {.children = {{.id = "good", .start = node()}, {.id = "bad", .start = std::move(bad)}}});
  auto failed = error_of(std::move(tree));
  CAF_CHECK_EQUAL(failed, errc::failed_to_start_child);
  check_contains(peer::describe(failed), "child 'bad' could not be started");
  check_contains(peer::describe(failed), "exited with status 7");
}

CAF_TEST(a peer that ended well is not restarted if it is transient) {
  auto tree = start_tree({{.id = "job", .start = node(), .restart = peer::restart_type::transient}});
  CAF_CHECK_EQUAL(tree.subscribe(caf::actor_cast<caf::actor>(self.ptr())), caf::error{});
  CAF_CHECK_EQUAL(value_of(tree.child("job")).cast("erlang", "halt", 0), caf::error{});
  wait_for("job", event_kind::exited);
  CAF_CHECK_EQUAL(info(tree, "job").state, child_state::undefined);
  CAF_CHECK_EQUAL(value_of(tree.restart_child("job")).state, child_state::running);
  CAF_CHECK_EQUAL(value_of(tree.child("job")).cast("erlang", "halt", 1), caf::error{});
  wait_for("job", event_kind::exited);
  wait_for("job", event_kind::ready);
  stop(tree);
}

CAF_TEST(a status can mean that a peer wants no restart) {
  auto tree = start_tree({{.id = "node", .start = node(), .final_statuses = {42}}});
  CAF_CHECK_EQUAL(tree.subscribe(caf::actor_cast<caf::actor>(self.ptr())), caf::error{});
  CAF_CHECK_EQUAL(value_of(tree.child("node")).cast("erlang", "halt", 42), caf::error{});
  wait_for("node", event_kind::exited);
  CAF_CHECK_EQUAL(info(tree, "node").state, child_state::undefined);
  stop(tree);
}

CAF_TEST(a peer is ready when it says so or when a call succeeds) {
  auto said = child_spec{.id = "said", .start = node()};
  said.ready = peer::says_ready{patience};
  auto never = said;
  never.ready = peer::says_ready{50ms};
  auto failed = error_of(peer::start_supervisor(*sys, {.children = {never}}));
  check_contains(peer::describe(failed), "did not become ready within 50ms");
  auto probed = child_spec{.id = "probed", .start = node()};
  probed.ready = peer::ready_probe{.module = "erlang", .function = "node", .expected = peer::atom{"nonode@nohost"}};
  auto tree = start_tree({probed});
  auto wrong = probed;
  wrong.id = "wrong";
  wrong.ready = peer::ready_probe{
      .module = "erlang", .function = "node", .expected = peer::atom{"other"}, .interval = 1ms, .within = 100ms};
  auto refused = error_of(tree.start_child(wrong));
  check_contains(peer::describe(refused), "erlang:node returned nonode@nohost");
  stop(tree);
}

CAF_TEST(a supervisor that is killed takes its peers along) {
  auto tree = start_tree({{.id = "node", .start = node()}, {.id = "erl", .start = erl()}});
  auto watch = end_watch{*sys, tree.actor()};
  caf::anon_send_exit(tree.actor(), caf::exit_reason::kill);
  CAF_CHECK_EQUAL(watch.reason(), caf::exit_reason::kill);
  CAF_CHECK(look_until([this] { return guard.descendants().empty(); }));
}

CAF_TEST(a peer in a container is a child as others are) {
  auto options = node();
  options.exec =
      peer::exec{"bwrap", {"--dev-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "--die-with-parent", PEER_NODE}};
  auto tree = start_tree({{.id = "boxed", .start = options}});
  auto child = value_of(tree.child("boxed"));
  auto inside = value_of(child.call<std::string>("os", "getpid"));
  CAF_CHECK_NOT_EQUAL(info(tree, "boxed").process_id, std::stoi(inside));
  CAF_CHECK_EQUAL(child.cast("erlang", "halt", 3), caf::error{});
  CAF_CHECK(look_until([&] { return info(tree, "boxed").generation == 2; }));
  CAF_CHECK_EQUAL(child.waiting(patience).call<std::vector<int>>("lists", "reverse", std::vector{1, 2}),
                  (std::vector{2, 1}));
  stop(tree);
}

CAF_TEST(whoever waits for a supervisor that is killed is answered) {
  auto tree = start_tree({{.id = "first", .start = node()}});
  auto never = child_spec{.id = "never", .start = node()};
  never.ready = peer::says_ready{caf::infinite};
  CAF_CHECK_EQUAL(tree.subscribe(caf::actor_cast<caf::actor>(self.ptr())), caf::error{});
  auto answer = std::async(std::launch::async, [&] { return tree.start_child(never); });
  wait_for("never", event_kind::started);
  auto behind = std::async(std::launch::async, [&] { return tree.terminate_child("first"); });
  caf::anon_send_exit(tree.actor(), caf::exit_reason::kill);
  CAF_CHECK_EQUAL(error_of(answer.get()), errc::noproc);
  CAF_CHECK_EQUAL(behind.get(), errc::noproc);
  CAF_CHECK(look_until([this] { return guard.descendants().empty(); }));
}

CAF_TEST(calls that may wait lose nothing but what a kill interrupts) {
  auto tree = start_tree({{.id = "node", .start = node()}});
  CAF_CHECK_EQUAL(tree.subscribe(caf::actor_cast<caf::actor>(self.ptr())), caf::error{});
  auto child = value_of(tree.child("node")).waiting(patience);
  auto enough = std::atomic<bool>{false};
  auto caller = std::async(std::launch::async, [&] {
    auto interrupted = 0;
    while (!enough)
      if (auto answer = child.call<std::vector<int>>("lists", "reverse", std::vector{1, 2}); !answer) {
        CAF_REQUIRE_EQUAL(answer.error(), errc::exit_status);
        ++interrupted;
      }
    return interrupted;
  });
  constexpr auto kills = 30;
  auto process = *info(tree, "node").process_id;
  for (auto i = 0; i < kills; ++i) {
    kill(static_cast<pid_t>(process), SIGKILL);
    process = *wait_for("node", event_kind::ready).process_id;
  }
  enough = true;
  CAF_CHECK_LESS_OR_EQUAL(caller.get(), kills); // one call at a time
  stop(tree);
}

CAF_TEST(a time-out holds for an actor that does not answer) {
  auto deaf = [](const peer::child_context& context) -> caf::expected<caf::actor> {
    return context.system.spawn([](caf::event_based_actor* actor) -> caf::behavior {
      actor->set_default_handler(caf::skip); // so the request stays in its mailbox
      return {[](int) {}};
    });
  };
  auto tree = start_tree({{.id = "deaf", .start = peer::actor_factory{deaf}}});
  CAF_CHECK_EQUAL(error_of(value_of(tree.child("deaf")).within(1ms).call<void>("m", "f")), errc::timeout);
  stop(tree);
}

CAF_TEST(a tree cannot be its own child) {
  auto root = std::make_shared<caf::actor>();
  auto give_root = [root](const peer::child_context&) -> caf::expected<caf::actor> { return *root; };
  auto tree = start_tree({{.id = "below", .start = peer::supervisor_spec{}}});
  *root = caf::actor_cast<caf::actor>(tree.actor());
  auto below = value_of(tree.at("below"));
  auto refused = error_of(below.start_child({.id = "root", .start = peer::actor_factory{give_root}}));
  check_contains(peer::describe(refused), "must not be an actor that is already in this tree");
  *root = nullptr;
  stop(tree);
}

CAF_TEST(a final status ends the restarts of a peer that does not boot any more) {
  auto mark = "/tmp/libpeer_tree_test_" + std::to_string(getpid());
  auto options = node();
  options.exec = peer::exec{
      "/bin/sh", {"-c", "test -e " + mark + " && exit 78; : >" + mark + "; exec " PEER_NODE " \"$@\"", "sh"}};
  options.connection = peer::inherited{};
  auto tree = start_tree({{.id = "node", .start = options, .final_statuses = {78}}});
  CAF_CHECK_EQUAL(tree.subscribe(caf::actor_cast<caf::actor>(self.ptr())), caf::error{});
  kill(static_cast<pid_t>(*info(tree, "node").process_id), SIGKILL);
  wait_for("node", event_kind::start_failed);
  auto now = info(tree, "node");
  CAF_CHECK_EQUAL(now.state, child_state::undefined);
  CAF_CHECK(!now.process_id);
  std::remove(mark.c_str());
  stop(tree);
}

CAF_TEST_FIXTURE_SCOPE_END()
