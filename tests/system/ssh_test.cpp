// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Peers behind ssh: a real sshd, a real ssh.

#define CAF_SUITE peer.system.ssh

#include "support/ssh_server.hpp"
#include "support/system_fixture.hpp"

#include <algorithm>
#include <csignal>
#include <deque>
#include <fstream>

using namespace peer::test;
using namespace std::literals;

namespace {

using bytes = std::vector<std::byte>;

struct fixture : system_fixture {
  peer::start_options remote(peer::exec what) const {
    auto result = peer::start_options{.exec = std::move(what)}; // over standard_io, as it has arguments
    result.peer_down = peer::peer_down::crash;
    result.wait_boot = caf::timespan{patience};
    result.output = line_log{console}.sink();
    return result;
  }

  /// Runs `test` with a new peer of each kind behind ssh.
  template <class F>
  void with_each(F test) {
    for (auto name : {PEER_NODE, "erl"}) {
      program = name;
      CAF_MESSAGE("with " << program);
      console = {};
      test(start(remote(server.login(program))));
    }
  }

  /// The process that is the peer, at the far end.
  static pid_t far_process(const peer::handle& worker) {
    return std::stoi(value_of(worker.within(patience).call<std::string>("os", "getpid")));
  }

  /// Lets `end` end each peer, and checks the reason and that the peer is gone at the far end.
  template <class F>
  void check_end(const std::string& reason, F end) {
    with_each([&](const peer::handle& worker) {
      auto far = far_process(worker);
      CAF_CHECK_NOT_EQUAL(far, process_of(worker));
      auto watch = end_watch{*sys, worker.actor()};
      end(worker, far);
      CAF_CHECK_EQUAL(to_string(peer::to_reason(watch.reason())), reason);
      CAF_CHECK(wait_for_end(far, patience));
    });
  }

  /// Starts a peer, which has to fail with ssh's own words.
  void check_failure(const peer::exec& what, std::string_view words) {
    auto began = std::chrono::steady_clock::now();
    auto err = start_failure(remote(what));
    CAF_CHECK_LESS(std::chrono::steady_clock::now() - began, 5s);
    CAF_CHECK_EQUAL(to_string(peer::to_reason(err)), "{boot_failed,{exit_status,255}}");
    auto details = peer::failure_of(err);
    CAF_REQUIRE(details != nullptr);
    CAF_REQUIRE(!details->last_words.empty());
    check_contains(details->last_words.back(), words);
  }

  ssh_server server;
  std::string program; ///< the one that `with_each` tests
};

/// The words of a process's command line.
std::vector<std::string> words_of(pid_t process) {
  auto file = std::ifstream{"/proc/" + std::to_string(process) + "/cmdline", std::ios::binary};
  auto result = std::vector<std::string>{};
  for (std::string word; std::getline(file, word, '\0');)
    result.push_back(word);
  return result;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(ssh_tests, fixture)

CAF_TEST(a peer behind ssh answers and prints and stops) {
  with_each([this](const peer::handle& worker) {
    auto far = far_process(worker);
    CAF_CHECK_EQUAL(value_of(worker.within(patience).call<std::vector<int>>("lists", "reverse", std::vector{1, 2})),
                    (std::vector{2, 1}));
    CAF_CHECK(worker.within(patience).call<void>("io", "put_chars", "gr\xC3\xBC\xC3\x9F\n"));
    CAF_CHECK(console.wait_for("gr\xC3\xBC\xC3\x9F"));
    CAF_CHECK(worker.within(patience).call<void>("io", "put_chars", peer::atom{"standard_error"}, "an error\n"));
    CAF_CHECK(console.wait_for("an error"));
    CAF_CHECK_EQUAL(console.lines(peer::stream::standard_error), std::vector{"an error"s});
    CAF_CHECK_EQUAL(value_of(worker.stop()).ended_by,
                    program == "erl" ? peer::stop_step::closed : peer::stop_step::asked);
    CAF_CHECK(wait_for_end(far, patience));
  });
}

CAF_TEST(arguments with blanks arrive whole if they are quoted for the shell at the far end) {
  for (std::string name : {PEER_NODE, "erl"}) {
    auto options = remote(server.login(name));
    auto leading = options.exec->arguments.size();
    options.args = {"-extra_flag", "two words", "it's $HOME"};
    options.post_process_args = [leading](std::vector<std::string> all) {
      for (auto i = leading; i < all.size(); ++i)
        all[i] = shell_quote(all[i]);
      return all;
    };
    auto worker = start(std::move(options));
    auto words = words_of(far_process(worker));
    for (auto word : {"-extra_flag", "two words", "it's $HOME"})
      CAF_CHECK_EQUAL(std::count(words.begin(), words.end(), word), 1);
    CAF_CHECK(worker.stop());
  }
}

CAF_TEST(the exit status of the far program is passed on) {
  check_end("{exit_status,7}", [](auto& worker, pid_t) { CAF_CHECK(!worker.cast("erlang", "halt", 7)); });
}

CAF_TEST(a far program that is killed is told as ssh tells it) {
  check_end("{exit_status,255}", [](auto&, pid_t far) { kill(far, SIGKILL); });
}

CAF_TEST(the far program goes with its ssh) {
  check_end("{exit_status,137}", [](auto& worker, pid_t) { kill(process_of(worker), SIGKILL); });
}

CAF_TEST(a server that is killed takes its peers along) {
  auto workers = std::vector<peer::handle>{};
  for (std::string name : {PEER_NODE, "erl"})
    workers.push_back(start(remote(server.login(name))));
  auto far = std::vector<pid_t>{};
  auto watches = std::deque<end_watch>{};
  for (auto& worker : workers) {
    far.push_back(far_process(worker));
    watches.emplace_back(*sys, worker.actor());
  }
  server.kill();
  for (auto& watch : watches)
    CAF_CHECK_EQUAL(to_string(peer::to_reason(watch.reason())), "{exit_status,255}");
  for (auto id : far)
    CAF_CHECK(wait_for_end(id, patience));
}

CAF_TEST(a key that is not let in fails the start with ssh s own words) {
  check_failure(server.login_with_wrong_key(PEER_NODE), "Permission denied (publickey)");
}

CAF_TEST(a server that is not there fails the start with ssh s own words) {
  auto nowhere = server.login(PEER_NODE);
  server.kill();
  check_failure(nowhere, "Connection refused");
}

CAF_TEST(a program that is not there fails the start with the words of the shell at the far end) {
  auto err = start_failure(remote(server.login("/no/such/program")));
  CAF_CHECK_EQUAL(to_string(peer::to_reason(err)), "{boot_failed,{exit_status,127}}");
  check_contains(peer::describe(err), "/no/such/program");
}

CAF_TEST(large values pass through ssh) {
  auto data = bytes(std::size_t{32} << 20);
  for (auto i = std::size_t{0}; i < data.size(); ++i)
    data[i] = static_cast<std::byte>(i * i >> 8);
  auto worker = start(remote(server.login(PEER_NODE)));
  auto began = std::chrono::steady_clock::now();
  auto result = value_of(worker.within(caf::timespan{60s}).call<bytes>("peer_node", "echo", data));
  auto took = caf::timespan{std::chrono::steady_clock::now() - began};
  CAF_MESSAGE("32 MiB and back through ssh: " << caf::deep_to_string(took));
  CAF_CHECK(result == data);
}

CAF_TEST_FIXTURE_SCOPE_END()
