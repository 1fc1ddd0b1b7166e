// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The guard of the other tests finds what it is there to find.

#define CAF_SUITE peer.system.guard

#include "support/helper_program.hpp"
#include "support/system_fixture.hpp"

#include <csignal>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace peer::test;
using namespace std::chrono_literals;

namespace {

/// Starts a program in the language of sh.
pid_t spawn(const char* program) {
  return start_helper({"sh", "-c", program});
}

/// Waits for the end of a child, which stays a zombie.
void await_end(pid_t child) {
  auto info = siginfo_t{};
  CAF_REQUIRE_EQUAL(waitid(P_PID, static_cast<id_t>(child), &info, WEXITED | WNOWAIT), 0);
}

void reap(pid_t child) {
  CAF_CHECK_EQUAL(waitpid(child, nullptr, 0), child);
}

struct fixture {
  process_guard guard;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(guard_tests, fixture)

CAF_TEST(nothing left is no complaint) {
  reap(spawn("exit 0"));
  CAF_CHECK_EQUAL(guard.complaints(), std::vector<std::string>{});
}

CAF_TEST(a child that runs is found and killed) {
  auto child = spawn("exec sleep 1000");
  CAF_CHECK_EQUAL(guard.complaints(0ms).size(), 2u); // as a child and as a descendant
  CAF_CHECK(wait_for_end(child, patience));
  reap(child);
}

CAF_TEST(a zombie is found) {
  auto child = spawn("exit 0");
  await_end(child);
  auto complaints = guard.complaints(0ms);
  CAF_REQUIRE_EQUAL(complaints.size(), 1u);
  check_contains(complaints[0], "child " + std::to_string(child) + " was left: Z (sh)");
  reap(child);
}

CAF_TEST(a process that left its session and its parent is found) {
  auto child = spawn("setsid sleep 1000 & exit 0");
  reap(child);
  auto complaints = guard.complaints(0ms);
  CAF_REQUIRE_EQUAL(complaints.size(), 1u);
  check_contains(complaints[0], "descendant");
}

CAF_TEST(a descriptor is found) {
  auto fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
  auto complaints = guard.complaints();
  close(fd);
  CAF_REQUIRE_EQUAL(complaints.size(), 1u);
  check_contains(complaints[0], "/dev/null");
}

CAF_TEST_FIXTURE_SCOPE_END()
