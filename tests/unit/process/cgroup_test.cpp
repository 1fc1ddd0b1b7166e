// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Processes in a cgroup of their own, and what cannot be used for one. Needs a cgroup v2 directory that may be written
// to: where there is none, the cases that do are skipped, and say so.

#define CAF_SUITE peer.process.cgroup

#include "process/cgroup.hpp"
#include "tests/support/delegated_cgroup.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

#include <fstream>
#include <iostream>
#include <sstream>

#include <sys/stat.h>

using namespace std::literals;
using namespace peer::test;

using peer::internal::process::cgroup;

namespace {

/// Starts a daemon, whose parent ends and which has a session of its own, prints its number and waits for ever.
constexpr auto daemon_maker = "setsid sh -c 'setsid sh -c \"echo \\$\\$; exec sleep 1000\" &'; ";

struct fixture : subprocess_fixture {
  pid_t read_id() { return std::stoi(read_line(output.read.get())); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cgroup_tests, fixture)

CAF_TEST(a place that is no cgroup is an error that names it) {
  temporary_directory place;
  auto failure_of = [](std::string path) {
    auto result = run({.program = "true", .process = {.cgroup = std::move(path)}});
    return result ? "started: " + to_string(result->status) : error_text(result.error());
  };
  CAF_CHECK_EQUAL(failure_of(place.path),
                  "cannot use '" + place.path.string() + "' for cgroups: it is not in the cgroup v2 hierarchy");
  CAF_CHECK_EQUAL(failure_of("/nonexistent"), "cannot use '/nonexistent' for cgroups: No such file or directory");
}

CAF_TEST(a cgroup that may not be written to is an error that names it) {
  delegated_cgroup place;
  if (!place)
    return;
  if (geteuid() != 0) {
    std::cout << "not run: only root can become a user who may not write to a cgroup\n";
    return;
  }
  constexpr auto nobody = uid_t{65534};
  auto text = in_forked_process(nobody, [&place] {
    auto result = run({.program = "true", .process = {.cgroup = place.path()}});
    return result ? "started" : error_text(result.error());
  });
  CAF_CHECK_EQUAL(text, "cannot make a cgroup in '" + place.path() + "': Permission denied");
}

CAF_TEST(the process is in a cgroup of its own from the beginning) {
  delegated_cgroup place;
  if (!place)
    return;
  auto what = shell("grep ^0 /proc/self/cgroup");
  what.process.cgroup = place.path();
  auto one = output_of(what);
  auto other = output_of(what);
  auto prefix = std::filesystem::path{place.path()}.filename().string() + "/libpeer-" + std::to_string(getpid()) + "-";
  CAF_CHECK_NOT_EQUAL(one.find(prefix), std::string::npos);
  CAF_CHECK_NOT_EQUAL(other.find(prefix), std::string::npos);
  CAF_CHECK_NOT_EQUAL(one, other);
}

CAF_TEST(a cgroup that a program has left is removed and others are not ) {
  delegated_cgroup place;
  if (!place)
    return;
  auto inner = place.path() + "/inner"; // this program has not used it yet
  auto left = inner + "/libpeer-1-1";
  auto other = inner + "/libpeer-mine";
  for (auto& each : {inner, left, other})
    CAF_REQUIRE_EQUAL(mkdir(each.c_str(), 0755), 0);
  forked_process member{[] { return 0; }};
  std::ofstream{left + "/cgroup.procs"} << member.id() << std::flush;
  {
    auto mine = unbox(cgroup::make(inner));
    CAF_CHECK(!std::filesystem::exists(left));
    CAF_CHECK(std::filesystem::exists(mine.path()));
  }
  for (auto& each : {other, inner})
    CAF_CHECK_EQUAL(rmdir(each.c_str()), 0);
}

CAF_TEST(nothing in the cgroup outlives the process) {
  delegated_cgroup place;
  if (!place)
    return;
  auto what = shell(daemon_maker + "exit 3"s);
  what.process.cgroup = place.path();
  auto process = start(what);
  auto daemon = read_id();
  auto end = wait_for_all(*io, *process);
  CAF_CHECK_EQUAL(to_string(end.status), "exited with status 3");
  CAF_CHECK(end.survivors.empty());
  CAF_CHECK(wait_for_end(daemon, 10s));
}

CAF_TEST(the destructor ends all that is in the cgroup) {
  delegated_cgroup place;
  if (!place)
    return;
  auto what = shell(daemon_maker + "exec sleep 1000"s);
  what.process.cgroup = place.path();
  auto process = start(what);
  auto daemon = read_id();
  process.reset();
  CAF_CHECK(wait_for_end(daemon, 10s));
}

CAF_TEST(cgroups that the process has made are emptied and removed) {
  delegated_cgroup place;
  if (!place)
    return;
  auto what = shell("d=$(echo \"$PLACE\"/libpeer-*); mkdir \"$d/inner\"; setsid sh -c 'echo $$; exec sleep 1000' &"
                    "echo $! >\"$d/inner/cgroup.procs\"; echo 0; exit 3");
  what.process.cgroup = place.path();
  what.environment = {{"PLACE", place.path()}};
  auto process = start(what);
  auto runaway = std::max(read_id(), read_id());
  wait_for(*io, *process);
  CAF_CHECK(wait_for_end(runaway, 10s));
}

CAF_TEST(a kernel that cannot kill a cgroup is no obstacle) {
  delegated_cgroup place;
  if (!place)
    return;
  auto group = unbox(peer::internal::process::cgroup::make(place.path(), false));
  auto members = unbox(group.open_members());
  auto what = shell(daemon_maker + "echo 0; exec sleep 1000"s);
  what.standard_input = null.get();
  what.standard_output = what.standard_error = output.write.get();
  auto process = unbox(peer::internal::process::spawn(*io, what, members.get()));
  auto daemon = std::max(read_id(), read_id());
  CAF_CHECK(group.populated());
  while (group.populated())
    group.kill();
  CAF_CHECK(wait_for_end(daemon, 10s));
  auto status = 0;
  CAF_CHECK_EQUAL(waitpid(process.id, &status, 0), process.id);
  CAF_CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

CAF_TEST(a cgroup that was left by an earlier program is passed by) {
  delegated_cgroup place;
  if (!place)
    return;
  auto first = unbox(peer::internal::process::cgroup::make(place.path())).path();
  auto number = std::stoi(first.substr(first.rfind('-') + 1));
  auto next = first.substr(0, first.rfind('-') + 1) + std::to_string(number + 1);
  CAF_REQUIRE_EQUAL(mkdir(next.c_str(), 0755), 0);
  CAF_CHECK_EQUAL(unbox(peer::internal::process::cgroup::make(place.path())).path(),
                  first.substr(0, first.rfind('-') + 1) + std::to_string(number + 2));
  CAF_CHECK_EQUAL(rmdir(next.c_str()), 0);
}

CAF_TEST(a program that cannot be executed leaves no cgroup) {
  delegated_cgroup place;
  if (!place)
    return;
  auto result = run({.program = "/nonexistent", .process = {.cgroup = place.path()}});
  CAF_CHECK_EQUAL(error_text(result.error()), "cannot execute '/nonexistent': No such file or directory");
}

CAF_TEST_FIXTURE_SCOPE_END()
