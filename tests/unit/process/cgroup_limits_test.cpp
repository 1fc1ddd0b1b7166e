// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Limits of a cgroup: in directories that look like cgroups, which can have any controllers, and in real ones, which
// have those of this machine.

#define CAF_SUITE peer.process.cgroup_limits

#include "process/cgroup_limits.hpp"
#include "tests/support/delegated_cgroup.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

#include <sstream>

using namespace std::literals;
using namespace peer::test;

using peer::internal::process::limit_cgroup;

namespace {

using strings = std::vector<std::string>;

constexpr auto both = peer::resource_limits{.memory = 1 << 20, .processes = 17};

/// The files of a delegated directory, and of a cgroup in it.
struct fake_cgroup {
  fake_cgroup(std::string_view available, std::string_view enabled, std::string_view members = "") {
    add("cgroup.controllers", available);
    add("cgroup.subtree_control", enabled);
    add("cgroup.procs", members);
    std::filesystem::create_directory(path());
    add("peer/memory.max", "");
    add("peer/pids.max", "");
  }

  std::string path() const { return place.path / "peer"; }

  std::string content(const std::string& name) const {
    auto in = std::ifstream{place.path / name};
    return {std::istreambuf_iterator<char>{in}, {}};
  }

  /// "the controller 'NAME' is not enabled in 'PLACE'"
  std::string not_enabled(const std::string& controller) const {
    return "the controller '" + controller + "' is not enabled in '" + place.path.string() + "'";
  }

  temporary_directory place;

private:
  void add(const std::string& name, std::string_view content) const {
    place.add(name, content, std::filesystem::perms::owner_read | std::filesystem::perms::owner_write);
  }
};

/// Whether cgroups in that directory can have the controllers. If not, says that the test was not run.
bool has_controllers(const delegated_cgroup& place) {
  auto file = std::ifstream{place.path() + "/cgroup.controllers"};
  auto found = 0;
  for (std::string word; file >> word;)
    found += word == "memory" || word == "pids" ? 1 : 0;
  if (found < 2)
    std::cout << "not run: cgroups of version 2 have no controllers for memory and pids here\n";
  return found == 2;
}

struct fixture : subprocess_fixture {
  /// Starts a process in a cgroup and returns which limits are off.
  strings limits_off(peer::internal::process::spawn_options what) {
    auto process = start(std::move(what));
    auto result = process->limits_off();
    CAF_CHECK_EQUAL(to_string(wait_for(*io, *process)), "exited with status 0");
    return result;
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(cgroup_limits_tests, fixture)

CAF_TEST(limits are written where the controllers are enabled) {
  fake_cgroup group{"cpu memory pids\n", "memory pids\n", "4711\n"};
  CAF_CHECK_EQUAL(peer::internal::process::limit_cgroup(group.path(), both), strings{});
  CAF_CHECK_EQUAL(group.content("peer/memory.max"), "1048576");
  CAF_CHECK_EQUAL(group.content("peer/pids.max"), "17");
  CAF_CHECK_EQUAL(group.content("cgroup.subtree_control"), "memory pids\n");
}

CAF_TEST(only what was asked for is written) {
  fake_cgroup group{"memory pids\n", ""};
  CAF_CHECK_EQUAL(peer::internal::process::limit_cgroup(group.path(), {.address_space = 1, .processes = 2}), strings{});
  CAF_CHECK_EQUAL(group.content("peer/memory.max"), "");
  CAF_CHECK_EQUAL(group.content("peer/pids.max"), "2");
  CAF_CHECK_EQUAL(group.content("cgroup.subtree_control"), "+pids");
}

CAF_TEST(a controller is enabled if nobody is in the directory itself) {
  fake_cgroup empty{"memory pids\n", "pids\n"};
  CAF_CHECK_EQUAL(peer::internal::process::limit_cgroup(empty.path(), {.memory = 4096}), strings{});
  CAF_CHECK_EQUAL(empty.content("cgroup.subtree_control"), "+memory");
  fake_cgroup inhabited{"memory pids\n", "pids\n", "4711\n"};
  CAF_CHECK_EQUAL(limit_cgroup(inhabited.path(), both),
                  strings{"memory: " + inhabited.not_enabled("memory") + ", which has processes of its own"});
  CAF_CHECK_EQUAL(inhabited.content("cgroup.subtree_control"), "pids\n");
  CAF_CHECK_EQUAL(inhabited.content("peer/pids.max"), "17");
}

CAF_TEST(limits are off where the controllers are not there) {
  fake_cgroup group{"cpu memory_recursiveprot\n", "cpu\n"};
  CAF_CHECK_EQUAL(peer::internal::process::limit_cgroup(group.path(), both),
                  (strings{"memory: " + group.not_enabled("memory") + " and not available there",
                           "processes: " + group.not_enabled("pids") + " and not available there"}));
}

CAF_TEST(limits are off without a cgroup) {
  CAF_CHECK_EQUAL(
      peer::internal::process::limit_cgroup("", both),
      (strings{"memory: there is no cgroup (option 'cgroup')", "processes: there is no cgroup (option 'cgroup')"}));
  CAF_CHECK_EQUAL(limit_cgroup("", {.address_space = 1}), strings{});
}

CAF_TEST(what cannot be written is told with the cause) {
  fake_cgroup group{"memory pids\n", "memory\n"};
  std::filesystem::remove(group.path() + "/memory.max");
  std::filesystem::remove(group.place.path / "cgroup.subtree_control");
  std::filesystem::create_directory(group.place.path / "cgroup.subtree_control");
  CAF_CHECK_EQUAL(peer::internal::process::limit_cgroup(group.path(), {.processes = 3}),
                  strings{"processes: " + group.not_enabled("pids") + ": cannot write '+pids' to '"
                          + (group.place.path / "cgroup.subtree_control").string() + "': Is a directory"});
  fake_cgroup other{"memory\n", "memory\n"};
  std::filesystem::remove(other.path() + "/memory.max");
  CAF_CHECK_EQUAL(
      limit_cgroup(other.path(), {.memory = 4096}),
      strings{"memory: cannot write '4096' to '" + other.path() + "/memory.max': No such file or directory"});
}

// -- real cgroups -----------------------------------------------------------------------------------------------------

CAF_TEST(a process starts although its limits are off) {
  auto what = shell("true");
  what.process.limits = both;
  CAF_CHECK_EQUAL(limits_off(what).size(), 2u);
  delegated_cgroup place;
  if (!place)
    return;
  auto inhabitant = start(shell("echo $$ >" + place.path() + "/cgroup.procs && echo in; exec sleep 1000"));
  CAF_REQUIRE_EQUAL(read_line(output.read.get()), "in");
  what.process.cgroup = place.path();
  CAF_CHECK_EQUAL(limits_off(what).size(), 2u);
}

CAF_TEST(memory and number of processes are limited) {
  delegated_cgroup place;
  if (!place || !has_controllers(place))
    return;
  auto what = shell("cd \"$PLACE\"/libpeer-*; cat memory.max pids.max");
  what.process.limits = {.memory = 64 << 20, .processes = 9};
  what.process.cgroup = place.path();
  what.environment = {{"PLACE", place.path()}};
  CAF_CHECK_EQUAL(limits_off(what), strings{});
  CAF_CHECK_EQUAL(read_line(output.read.get()), "67108864");
  CAF_CHECK_EQUAL(read_line(output.read.get()), "9");
  what.program = "dd";
  what.arguments = {"if=/dev/zero", "of=/dev/null", "bs=256M", "count=1"};
  CAF_CHECK_EQUAL(to_string(unbox(run(what)).status), "killed by signal 9 (SIGKILL)");
}

CAF_TEST_FIXTURE_SCOPE_END()
