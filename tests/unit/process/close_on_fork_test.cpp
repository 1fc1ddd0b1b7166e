// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What a host program that forks without exec keeps open: nothing that a peer waits for the end of.

#define CAF_SUITE peer.process.close_on_fork

#include "process/close_on_fork.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

#include <atomic>
#include <thread>

#include <sys/stat.h>

using namespace peer::test;

using peer::internal::process::descriptor;

namespace {

/// Whether a descriptor is open in this program.
bool is_open(int fd) {
  return fcntl(fd, F_GETFD) >= 0;
}

/// How many of the first descriptors are sockets.
int count_sockets() {
  constexpr auto enough = 256;
  auto result = 0;
  for (auto fd = 0; fd < enough; ++fd) {
    struct stat facts {};
    if (fstat(fd, &facts) == 0 && S_ISSOCK(facts.st_mode))
      ++result;
  }
  return result;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(close_on_fork_tests, subprocess_fixture)

CAF_TEST(a peer sees the end of its input although a forked child lives on) {
  auto input = unbox(peer::internal::process::make_pipe("the input"));
  auto process = start({.program = "cat"}, input.read.get());
  input.read.reset();
  forked_process bystander{[] { return 0; }};
  input.write.reset();
  CAF_CHECK_EQUAL(to_string(wait_for(*io, *process)), "exited with status 0");
}

CAF_TEST(a peer sees the end of its connection although a forked child lives on) {
  auto ends = unbox(peer::internal::process::make_socket_pair("a connection"));
  auto what = shell("exec cat <&3");
  what.inherited = ends.second.get();
  auto process = start(what);
  ends.second.reset();
  forked_process bystander{[] { return 0; }};
  ends.first.reset();
  CAF_CHECK_EQUAL(to_string(wait_for(*io, *process)), "exited with status 0");
}

CAF_TEST(the output of a peer ends although a forked child lives on) {
  auto out = unbox(peer::internal::process::make_pipe("the output"));
  forked_process bystander{[] { return 0; }};
  out.write.reset();
  CAF_CHECK_EQUAL(read_to_end(out.read.get()), "");
}

CAF_TEST(a forked child keeps what is its own) {
  auto other = peer::internal::process::descriptor{open("/dev/null", O_RDONLY | O_CLOEXEC)};
  auto ends = unbox(peer::internal::process::make_pipe("a test"));
  auto number = ends.read.get();
  ends = {};
  CAF_REQUIRE_EQUAL(dup3(other.get(), number, O_CLOEXEC), number);
  auto successor = descriptor{number};
  auto noted = unbox(peer::internal::process::make_pipe("a test"));
  forked_process child{[&] {
    return (is_open(successor.get()) ? 1 : 0) + (is_open(other.get()) ? 2 : 0) + (is_open(noted.read.get()) ? 4 : 0)
         + (is_open(noted.write.get()) ? 8 : 0);
  }};
  CAF_CHECK_EQUAL(child.result(), 3);
  CAF_CHECK(is_open(noted.read.get()));
  CAF_CHECK(is_open(noted.write.get()));
}

CAF_TEST(any thread may fork while others make connections and the child has none of them) {
  auto sockets = forked_process{count_sockets}.result(); // without those that are closed in each child already
  std::atomic<bool> over = false;
  auto makers = std::vector<std::thread>{};
  for (auto i = 0; i < 2; ++i)
    makers.emplace_back([&over] {
      while (!over)
        static_cast<void>(peer::internal::process::make_socket_pair("a test"));
    });
  auto codes = 0;
  for (auto i = 0; i < 50; ++i) {
    forked_process child{[sockets] {
      peer::internal::process::fork_pause pause; // the lock is free in the child
      return count_sockets() - sockets;
    }};
    codes += child.result();
  }
  over = true;
  for (auto& each : makers)
    each.join();
  CAF_CHECK_EQUAL(codes, 0);
}

CAF_TEST_FIXTURE_SCOPE_END()
