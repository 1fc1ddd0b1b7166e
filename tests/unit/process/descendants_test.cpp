// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Who descends from a process, and who is left of a group.

#define CAF_SUITE peer.process.descendants

#include "peer/detail/defaults.hpp"
#include "process/descendants.hpp"
#include "process/proc_stat.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

#include <algorithm>
#include <iostream>

#include <sched.h>

using namespace std::literals;
using namespace peer::test;

using peer::internal::process::descendant;
using peer::internal::process::descendant_search;
using peer::internal::process::descendants_of;
using peer::internal::process::has_living_member;

namespace {

std::vector<pid_t> ids_of(const std::vector<peer::internal::process::descendant>& all) {
  auto result = std::vector<pid_t>{};
  for (auto& x : all)
    result.push_back(x.id);
  std::sort(result.begin(), result.end());
  return result;
}

struct fixture : subprocess_fixture {
  /// The numbers that a script prints, one a line, in order.
  std::vector<pid_t> read_ids(int count) {
    auto result = std::vector<pid_t>{};
    for (auto i = 0; i < count; ++i)
      result.push_back(std::stoi(read_line(output.read.get())));
    std::sort(result.begin(), result.end());
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(descendants_tests, fixture)

CAF_TEST(children and their children are found with and without the lists of the kernel) {
  auto process = start(shell("(sleep 1000 & echo $!; wait) & echo $!; setsid sh -c 'echo $$; exec sleep 1001' & wait"));
  auto expected = read_ids(3);
  for (auto use_lists : {true, false})
    CAF_CHECK_EQUAL(ids_of(peer::internal::process::descendant_search(0, use_lists).below(process->id())), expected);
  for (auto& each : peer::internal::process::descendants_of(process->id()))
    each.kill();
  CAF_CHECK_EQUAL(to_string(wait_for(*io, *process)), "exited with status 0");
}

CAF_TEST(group and command line are told) {
  auto process = start(shell("setsid sh -c 'echo $$; exec sleep 1000.5' & wait"));
  auto id = read_ids(1).at(0);
  auto all = peer::internal::process::descendants_of(process->id());
  while (all.size() == 1 && all[0].command != "sleep 1000.5") // until it has called exec
    all = descendants_of(process->id());
  CAF_REQUIRE_EQUAL(all.size(), 1u);
  CAF_CHECK_EQUAL(all[0].id, id);
  CAF_CHECK_EQUAL(all[0].group, id);
  CAF_CHECK(all[0].alive());
  all[0].kill();
  CAF_CHECK(wait_for_end(id, 10s));
  CAF_CHECK(!all[0].alive());
}

CAF_TEST(a long command line is cut) {
  auto process = start(shell("sh -c 'echo $$; while :; do sleep 1000; done' " + std::string(5000, 'x') + " & wait"));
  auto id = read_ids(1).at(0);
  for (auto& each : peer::internal::process::descendants_of(process->id()))
    if (each.id == id)
      CAF_CHECK_EQUAL(each.command, "sh -c echo $$; while :; do sleep 1000; done " + std::string(212, 'x'));
}

CAF_TEST(a process without children has no descendants) {
  auto process = start(shell("echo ready; exec sleep 1000"));
  CAF_CHECK_EQUAL(read_line(output.read.get()), "ready");
  for (auto use_lists : {true, false})
    CAF_CHECK(descendant_search(0, use_lists).below(process->id()).empty());
}

CAF_TEST(who has ended is no descendant) {
  auto process = start(shell("sleep 0 & echo $!; exec sleep 1000")); // which does not reap it
  auto id = read_ids(1).at(0);
  CAF_CHECK(wait_for_end(id, 10s));
  CAF_CHECK(!is_gone(id));
  for (auto use_lists : {true, false})
    CAF_CHECK(descendant_search(0, use_lists).below(process->id()).empty());
}

CAF_TEST(a daemon is a descendant of who reaps orphans) {
  for (auto reap_orphans : {true, false}) {
    // The shell in the middle ends at once: its child has another parent then.
    auto what = shell("setsid sh -c 'sh -c \"echo \\$\\$; exec sleep 1000\" &'; echo 0; exec sleep 1000");
    what.reap_orphans = reap_orphans;
    auto process = start(what);
    auto daemon = read_ids(2).at(1);
    auto found = ids_of(descendants_of(process->id()));
    CAF_CHECK_EQUAL(found, reap_orphans ? std::vector{daemon} : std::vector<pid_t>{});
    CAF_CHECK_EQUAL(kill(daemon, SIGKILL), 0);
    CAF_CHECK(wait_for_end(daemon, 10s));
  }
}

CAF_TEST(the members of a session are found wherever they have been adopted) {
  auto process = start(shell("(sleep 1000 & echo $!); echo 0; exec sleep 1000"));
  auto expected = std::vector{process->id(), read_ids(2).at(1)};
  std::sort(expected.begin(), expected.end());
  CAF_CHECK_EQUAL(ids_of(descendant_search{}.session(process->id())), expected);
}

CAF_TEST(members of the group that is left out are not told but who is below them is) {
  auto process = start(shell("(setsid sh -c 'echo $$; exec sleep 1000' & wait) & wait"));
  auto expected = read_ids(1);
  CAF_CHECK_EQUAL(ids_of(descendant_search{process->id()}.below(process->id())), expected);
  CAF_CHECK_EQUAL(ids_of(descendant_search{process->id()}.session(process->id())), expected);
  kill(expected.at(0), SIGKILL);
  CAF_CHECK_EQUAL(to_string(wait_for(*io, *process)), "exited with status 0");
}

CAF_TEST(nobody is visited twice by one search) {
  auto process = start(shell("(echo $$; sleep 1000 & echo $!; wait) & echo $!; wait"));
  auto ids = read_ids(3); // the leader among them, as the inner shell knows it
  auto search = descendant_search{};
  CAF_CHECK_EQUAL(search.below(process->id()).size(), 2u);
  for (auto id : ids)
    CAF_CHECK(search.below(id).empty());
}

CAF_TEST(no more descendants are told than there may be) {
  auto process = start(shell("i=0; while [ $i -lt 300 ]; do sleep 1000 & i=$((i + 1)); done; echo ready; wait"));
  CAF_CHECK_EQUAL(read_line(output.read.get()), "ready");
  CAF_CHECK_EQUAL(descendants_of(process->id()).size(), peer::defaults::max_descendants);
}

CAF_TEST(numbers of another namespace are not looked up) {
  if (geteuid() != 0) {
    std::cout << "not run: only root can make a pid namespace without a user namespace\n";
    return;
  }
  auto text = in_forked_process(0, [] {
    if (unshare(CLONE_NEWPID) != 0)
      return "cannot make a pid namespace"s;
    return in_forked_process(0, [] { // its first process, which has the /proc of the outer one
      auto result = peer::internal::process::has_own_proc() ? "own proc"s : "another proc"s;
      result += peer::internal::process::facts_of(getpid()) ? ", facts of a stranger" : ", no facts";
      result += descendants_of(getpid()).empty() ? ", no descendants" : ", descendants of a stranger";
      boost::asio::io_context loop;
      auto what = shell("exit 3");
      auto nothing = peer::internal::process::open_null();
      what.standard_input = what.standard_output = what.standard_error = nothing->get();
      auto process = peer::internal::process::subprocess::spawn(loop, what);
      if (!process)
        return error_text(process.error());
      result += has_living_member((*process)->id()) ? ", a member" : ", no member";
      return result + ", " + to_string(wait_for(loop, **process));
    });
  });
  CAF_CHECK_EQUAL(text, "another proc, no facts, no descendants, a member, exited with status 3");
}

CAF_TEST(a group has a living member until the last one has ended) {
  auto process = start(shell("sleep 1000 & echo $!; exec sleep 1000"));
  auto member = read_ids(1).at(0);
  auto group = process->id();
  CAF_CHECK(has_living_member(group));
  process->signal(SIGTERM, peer::internal::process::signal_scope::process);
  CAF_CHECK(wait_for_end(group, 10s)); // a zombie
  CAF_CHECK(has_living_member(group));
  CAF_CHECK_EQUAL(kill(member, SIGTERM), 0);
  CAF_CHECK(wait_for_end(member, 10s));
  CAF_CHECK(!is_gone(group));
  CAF_CHECK(!has_living_member(group));
  wait_for(*io, *process);
  CAF_CHECK(!has_living_member(group));
}

CAF_TEST_FIXTURE_SCOPE_END()
