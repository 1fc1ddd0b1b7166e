// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What outlives a peer, and how nothing does.

#define CAF_SUITE peer.system.survivors

#include "hostile_fixture.hpp"
#include "support/delegated_cgroup.hpp"
#include "support/look_until.hpp"

#include <algorithm>
#include <csignal>
#include <fstream>
#include <iostream>

#include <unistd.h>

using namespace peer::test;
using namespace std::literals;

using peer::stop_step;
using peer::survivor_policy;

namespace {

/// Lets an `erl` start a program, which it puts into a group of its own, and which does not read its input.
constexpr auto start_program =
    "P = open_port({spawn, \"sleep 1000\"}, [stream]), element(2, erlang:port_info(P, os_pid))";

struct fixture : hostile_fixture {
  peer::stop_report stop(const peer::handle& worker) { return value_of(worker.stop()); }

  /// Lets an `erl` leave something behind.
  void start_stray(const peer::handle& worker) {
    auto id = evaluate(worker, start_program);
    auto file = "/proc/" + peer::to_string(id) + "/cmdline";
    CAF_REQUIRE(look_until([&file] { // the port's program is executed in its own time
      auto command = std::string{};
      return std::getline(std::ifstream{file}, command, '\0') && command == "sleep";
    }));
  }

  void check_nothing_left() { check_only_left({process_of(good)}); }

  /// Whether this program may have peers in pid namespaces. If not, says that the test was not run. Root always may.
  bool can_make_namespaces() {
    auto options = node(peer::inherited{});
    options.process.pid_namespace = true;
    auto worker = peer::start(*sys, options);
    if (worker || geteuid() == 0) {
      CAF_REQUIRE(worker);
      stop(*worker);
      return true;
    }
    std::cout << "not run: " << peer::describe(worker.error()) << "\n";
    return false;
  }

  /// Starts a peer of each kind over each connection that it may have and lets it leave something behind.
  template <class Change, class Check>
  void with_each(Change change, Check check) {
    for (auto& [name, kind] : all_connections()) {
      CAF_MESSAGE("over " << name);
      auto options = hostile(kind, "started", {"daemonise"});
      change(options);
      check(start(options));
    }
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(survivors_tests, fixture)

CAF_TEST(what has left the group of an erl is reported when it is stopped) {
  auto worker = start(erl());
  start_stray(worker);
  auto report = stop(worker);
  CAF_REQUIRE_EQUAL(report.survivors.size(), 1u);
  CAF_CHECK_EQUAL(report.survivors[0].command, "sleep 1000");
  kill(static_cast<pid_t>(report.survivors[0].id), SIGKILL);
  check_nothing_left();
}

CAF_TEST(what has left the group of an erl is killed if asked for) {
  auto options = erl();
  options.process.survivors = survivor_policy::kill;
  auto worker = start(options);
  start_stray(worker);
  CAF_CHECK(stop(worker).survivors.empty());
  check_nothing_left();
}

CAF_TEST(daemons of a peer are killed if asked for) {
  with_each([](auto& options) { options.process.survivors = survivor_policy::kill; },
            [this](const peer::handle& worker) {
              CAF_CHECK(stop(worker).survivors.empty());
              check_nothing_left();
            });
}

CAF_TEST(nothing outlives a peer in a pid namespace of its own) {
  if (!can_make_namespaces())
    return;
  with_each([](auto& options) { options.process.pid_namespace = true; },
            [this](const peer::handle& worker) {
              stop(worker);
              check_nothing_left();
            });
}

CAF_TEST(nothing outlives a peer in a cgroup of its own) {
  delegated_cgroup place;
  if (place)
    with_each([&](auto& options) { options.process.cgroup = place.path(); },
              [this](const peer::handle& worker) {
                stop(worker);
                check_nothing_left();
              });
}

CAF_TEST(both kinds of nodes work as process 1 of a namespace) {
  if (!can_make_namespaces())
    return;
  auto nodes = std::vector{erl()};
  for (auto& [name, kind] : all_connections())
    nodes.push_back(node(kind));
  for (auto& options : nodes) {
    options.process.pid_namespace = true;
    auto worker = start(options);
    CAF_CHECK(answers(worker));
    CAF_CHECK_EQUAL(value_of(worker.call<peer::term>("os", "getpid")), charlist("1"));
    CAF_CHECK_EQUAL(stop(worker).ended_by, options.exec->program == "erl" ? stop_step::closed : stop_step::asked);
  }
}

CAF_TEST(what cannot be a cgroup is an error of the start) {
  auto options = node(peer::inherited{});
  options.process.cgroup = "/proc";
  auto err = start_failure(options);
  CAF_CHECK_EQUAL(err, peer::errc::boot_failed);
  check_contains(peer::describe(err), "/proc");
  options.process.cgroup = "/no/such/directory";
  check_contains(peer::describe(start_failure(options)), "/no/such/directory");
}

CAF_TEST(the failure of a call that a stop cut short names what is left) {
  auto worker = start(erl());
  start_stray(worker);
  auto self = caf::scoped_actor{*sys};
  auto call = self->request(
      worker.actor(), caf::infinite,
      peer::call_request{"timer", "sleep", *peer::encode_arguments(peer::atom{"infinity"}), caf::infinite});
  auto report = stop(worker);
  call.receive([](const peer::encoded_term&) { CAF_ERROR("the call returned"); },
               [&](const caf::error& err) {
                 CAF_REQUIRE(peer::failure_of(err));
                 CAF_CHECK(peer::failure_of(err)->survivors == report.survivors);
                 check_contains(peer::describe(err), "left behind: ");
               });
  for (auto& process : report.survivors)
    kill(static_cast<pid_t>(process.id), SIGKILL);
  check_nothing_left();
}

// -- calls ------------------------------------------------------------------------------------------------------------

CAF_TEST(a call that a suspended peer never got was not delivered) {
  for (auto& [name, kind] : all_connections()) {
    CAF_MESSAGE("over " << name);
    auto options = node(kind);
    options.shutdown = peer::shutdown_close{};
    auto worker = start(options);
    kill(process_of(worker), SIGSTOP);
    auto self = caf::scoped_actor{*sys};
    auto large = *peer::encode_arguments(std::string(std::size_t{16} << 20, 'x'));
    auto ask = [&](peer::byte_buffer arguments) {
      return self->request(worker.actor(), caf::infinite,
                           peer::call_request{"peer_node", "echo", std::move(arguments), caf::infinite});
    };
    auto first = ask(*peer::encode_arguments(1));
    value_of(worker.get_state()); // what was asked for before has been written by then
    auto second = ask(large);
    auto report = stop(worker);
    CAF_CHECK_EQUAL(report.ended_by, stop_step::killed);
    auto delivery = [](auto& request) {
      auto result = std::optional<peer::delivery>{};
      request.receive([](const peer::encoded_term&) { CAF_ERROR("the call returned"); },
                      [&](const caf::error& err) { result = peer::delivery_of(err); });
      return result;
    };
    CAF_CHECK(delivery(first) == peer::delivery::unanswered);
    CAF_CHECK(delivery(second) == peer::delivery::not_delivered);
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
