// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Programs that handle signals, wait for children, fork, lack descriptors or have several actor systems keep that
// freedom, and their peers work nevertheless.

#define CAF_SUITE peer.system.host

#include "support/helper_program.hpp"
#include "support/system_fixture.hpp"

#include <csignal>
#include <iostream>
#include <map>
#include <sstream>

#include <sys/wait.h>
#include <unistd.h>

using namespace peer::test;
using namespace std::literals;

namespace {

struct fixture {
  fixture() { alarm(120); } // a hang ends the program

  ~fixture() {
    for (auto& complaint : guard.complaints())
      CAF_ERROR(complaint);
    alarm(0);
  }

  /// Starts the program (host_program.cpp), whose output can be read.
  static piped_helper launch(const std::string& mode) {
    return start_helper({HOST_PROGRAM, mode, PEER_NODE}, piped::output_and_error);
  }

  /// The next line without its newline; nothing at the end.
  static std::optional<std::string> next_line(const piped_helper& from) {
    auto result = ""s;
    for (auto c = char{}; read(from.output.get(), &c, 1) == 1; result += c)
      if (c == '\n')
        return result;
    return result.empty() ? std::nullopt : std::make_optional(result);
  }

  /// Waits for the program's end and returns its status, as waitpid(2) does.
  static int finish(const piped_helper& program) {
    auto status = 0;
    CAF_CHECK_EQUAL(waitpid(program.id, &status, 0), program.id);
    return status;
  }

  /// Runs the program, which has to find nothing wrong.
  static void run(const std::string& mode) {
    auto program = launch(mode);
    while (auto line = next_line(program))
      CAF_ERROR(*line);
    auto status = finish(program);
    CAF_CHECK(WIFEXITED(status));
    CAF_CHECK_EQUAL(WEXITSTATUS(status), 0);
  }

  process_guard guard;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(host_tests, fixture)

CAF_TEST(a program that handles the ends of its children goes on to do so) {
  run("counts_deaths");
}

CAF_TEST(a program may ignore the ends of its children) {
  run("ignores_children");
}

CAF_TEST(a program may wait for any child) {
  run("reaps_everything");
}

CAF_TEST(a program that has forked stops its peers gracefully) {
  run("forks");
}

CAF_TEST(the peers of a program that has forked and is killed go although its copy lives) {
  auto program = launch("forks_and_is_killed");
  auto peers = std::map<pid_t, std::string>{};
  auto copy = pid_t{0};
  auto host = pid_t{0};
  while (host == 0) {
    auto line = next_line(program);
    CAF_REQUIRE(line);
    auto words = std::istringstream{*line};
    auto word = ""s;
    auto id = pid_t{0};
    words >> word >> id;
    if (word == "peer")
      std::getline(words, peers[id]);
    else if (word == "copy")
      copy = id;
    else if (word == "host")
      host = id;
    else
      CAF_ERROR(*line);
  }
  CAF_CHECK_EQUAL(peers.size(), 5u);
  kill(host, SIGKILL);
  for (auto& [id, what] : peers)
    if (!wait_for_end(id, 5s)) {
      CAF_ERROR("the peer over" << what << " lives on");
      kill(id, SIGKILL);
    }
  CAF_CHECK_EQUAL(kill(copy, 0), 0);
  kill(copy, SIGKILL);
  finish(program);
}

CAF_TEST(a program may have as many descriptors as the system allows) {
  run("has_many_descriptors");
}

CAF_TEST(a program that lacks descriptors is told so and keeps its peers) {
  run("has_few_descriptors");
}

CAF_TEST(a program may have several actor systems) {
  run("has_several_systems");
}

CAF_TEST(a program may have many actor systems one after the other) {
  run("has_systems_in_turn");
}

CAF_TEST(a program may use its peers from many threads) {
  run("uses_threads");
}

CAF_TEST(a program may change its directory and its environment) {
  run("moves");
}

CAF_TEST(a program may change its environment while children are restarted) {
  run("changes_environment");
}

CAF_TEST_FIXTURE_SCOPE_END()
