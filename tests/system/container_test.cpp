// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Peers that other programs start: containers (bubblewrap), shells, and what else goes before a command.

#define CAF_SUITE peer.system.container

#include "hostile_fixture.hpp"
#include "support/ssh_server.hpp"

#include <algorithm>
#include <csignal>

using namespace peer::test;
using namespace std::literals;

using peer::connection_kind;

namespace {

using words = std::vector<std::string>;

/// In a container of its own, with a process that is nobody's child and leads a session of its own.
constexpr auto with_stray = "setsid sleep 1000 & exec \"$0\" \"$@\"";

struct fixture : hostile_fixture {
  peer::start_options over(const connection_kind& kind, words command) const {
    auto result = node(kind);
    auto program = command.front();
    command.erase(command.begin());
    result.exec = peer::exec{program, std::move(command)};
    result.peer_down = peer::peer_down::crash;
    return result;
  }

  /// A program in a container that has processes of its own.
  peer::start_options contained(const connection_kind& kind, const words& command) const {
    auto all = words{"bwrap", "--dev-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "--die-with-parent"};
    all.insert(all.end(), command.begin(), command.end());
    return over(kind, std::move(all));
  }

  /// Runs `test` with each connection and the program of each kind of peer that can have it.
  template <class F>
  void with_each(F test) {
    for (auto& [name, kind] : all_connections()) {
      CAF_MESSAGE("peer_node over " << name);
      test(kind, PEER_NODE);
      if (name != "inherited") {
        CAF_MESSAGE("erl over " << name);
        test(kind, "erl");
      }
    }
  }

  /// Starts and stops a peer, and checks that it answers and that nothing is left of it.
  void check_life(const peer::start_options& options) {
    auto worker = start(options);
    CAF_CHECK(answers(worker));
    auto& leading = options.exec->arguments;
    auto is_erl = std::find(leading.begin(), leading.end(), "erl") != leading.end(); // has OTP's default of `shutdown`
    CAF_CHECK_EQUAL(value_of(worker.stop()).ended_by, is_erl ? peer::stop_step::closed : peer::stop_step::asked);
    check_only_left({process_of(good)});
  }

  /// Starts a peer, lets `end` end it, and checks how that is told and that nothing is left.
  template <class F>
  void check_end(const peer::start_options& options, int status, F end) {
    auto worker = start(options);
    auto watch = end_watch{*sys, worker.actor()};
    end(worker);
    CAF_CHECK_EQUAL(end_status(watch.reason()), status);
    check_only_left({process_of(good)});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(container_tests, fixture)

// -- containers -------------------------------------------------------------------------------------------------------

CAF_TEST(a peer in a container answers and stops and leaves nothing there) {
  with_each([this](const connection_kind& kind, const char* program) {
    check_life(contained(kind, {program}));
    check_life(contained(kind, {"sh", "-c", with_stray, program}));
  });
}

CAF_TEST(a peer in a container has processes of its own) {
  for (auto& [name, kind] : all_connections()) {
    auto worker = start(contained(kind, {PEER_NODE}));
    auto inner = std::stoi(value_of(worker.call<std::string>("os", "getpid")));
    CAF_CHECK_LESS(inner, 10);
    CAF_CHECK_NOT_EQUAL(inner, process_of(worker));
  }
}

CAF_TEST(a container passes the exit status on) {
  with_each([this](const connection_kind& kind, const char* program) {
    check_end(contained(kind, {"sh", "-c", with_stray, program}), 7,
              [](auto& worker) { CAF_CHECK(!worker.cast("erlang", "halt", 7)); });
  });
}

CAF_TEST(a container that is killed takes everything along) {
  with_each([this](const connection_kind& kind, const char* program) {
    check_end(contained(kind, {"sh", "-c", with_stray, program}), 137,
              [](auto& worker) { kill(process_of(worker), SIGKILL); });
  });
}

CAF_TEST(nothing of a hostile peer is left if it was in a container) {
  for (auto& [name, kind] : all_connections())
    for (auto& mode : std::vector<words>{{"daemonise"}, {"deaf"}, {"family", "20"}}) {
      console = {};
      auto command = words{HOSTILE, "started"};
      command.insert(command.end(), mode.begin(), mode.end());
      auto options = contained(kind, command);
      options.shutdown = peer::shutdown_close{};
      auto worker = start(std::move(options));
      CAF_CHECK(console.wait_for("ready"));
      CAF_CHECK(worker.stop());
      check_only_left({process_of(good)});
    }
}

// -- programs that go before a command --------------------------------------------------------------------------------

CAF_TEST(a shell may start the peer with everything in one word) {
  with_each([this](const connection_kind& kind, const char* program) {
    auto options = over(kind, {"bash"});
    options.args = {"-extra_flag", "two words", "it's $HOME"};
    options.post_process_args = [command = std::string{program}](const words& all) {
      auto joined = shell_quote(command);
      for (auto& word : all)
        joined += " " + shell_quote(word);
      return words{"-c", joined + "; status=$?; exit $status"}; // so that it does not become the peer
    };
    check_life(options);
    check_end(options, 7, [](auto& worker) { CAF_CHECK(!worker.cast("erlang", "halt", 7)); });
  });
}

CAF_TEST(programs that go before a command may start the peer) {
  auto wrappers = std::vector<words>{
      {"env", "LIBPEER_WRAPPED=yes"}, {"nice", "-n", "1"}, {"timeout", "1000"}, {"setsid", "--wait"}};
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  wrappers.push_back({"stdbuf", "-o0"}); // preloads a library, and a sanitizer wants to be loaded first
#endif
  for (auto& before : wrappers)
    with_each([&](const connection_kind& kind, const char* program) {
      CAF_MESSAGE("behind " << before.front());
      auto command = before;
      command.emplace_back(program);
      auto options = over(kind, std::move(command));
      check_life(options);
      check_end(options, 7, [](auto& worker) { CAF_CHECK(!worker.cast("erlang", "halt", 7)); });
    });
}

CAF_TEST_FIXTURE_SCOPE_END()
