// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Whose sockets they are: real connections of real processes. bash connects with its /dev/tcp.

#define CAF_SUITE peer.process.socket_owner

#include "process/socket_inode.hpp"
#include "process/socket_owner.hpp"
#include "tests/support/tcp_client.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

#include <chrono>
#include <random>
#include <thread>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

using namespace peer::test;

using peer::internal::process::descriptor;
using peer::internal::process::held_by;

namespace {

/// A socket that listens at a free port.
struct listener {
  explicit listener(int family) : socket(::socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    auto address = sockaddr_in6{}; // the unspecified address and port of either version
    address.sin6_family = static_cast<sa_family_t>(family);
    auto size = static_cast<socklen_t>(family == AF_INET ? sizeof(sockaddr_in) : sizeof(address));
    auto where = reinterpret_cast<sockaddr*>(&address);
    CAF_REQUIRE_EQUAL(bind(socket.get(), where, size), 0);
    CAF_REQUIRE_EQUAL(listen(socket.get(), 10), 0);
    CAF_REQUIRE_EQUAL(getsockname(socket.get(), where, &size), 0);
    port = ntohs(address.sin6_port); // which stands in the same place in both versions
  }

  peer::internal::process::descriptor accept() const {
    return descriptor{accept4(socket.get(), nullptr, nullptr, SOCK_CLOEXEC)};
  }

  peer::internal::process::descriptor socket;
  std::uint16_t port = 0;
};

struct fixture : subprocess_fixture {
  /// Runs a script of bash's in which CONNECT connects to `place`, says so and stays.
  subprocess_ptr start_script(const listener& place, std::string script) {
    auto connect = "exec 5<>/dev/tcp/127.0.0.1/" + std::to_string(place.port) + "; echo connected; exec sleep 1000";
    auto at = script.find("CONNECT");
    script.replace(at, std::string_view{"CONNECT"}.size(), connect);
    auto result = start({.program = "bash", .arguments = {"-c", script}});
    CAF_CHECK_EQUAL(read_line(output.read.get()), "connected");
    return result;
  }

  static bool holds(pid_t process, const peer::internal::process::descriptor& socket) {
    auto fd = socket.get();
    return peer::internal::process::held_by(process, {&fd, 1}).value().at(0);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(socket_owner_tests, fixture)

CAF_TEST(the process that connected holds the socket and others do not ) {
  listener place{AF_INET};
  auto peer = start_script(place, "CONNECT");
  auto socket = place.accept();
  auto other = start({.program = "sleep", .arguments = {"1000"}});
  CAF_CHECK(holds(peer->id(), socket));
  CAF_CHECK(!holds(other->id(), socket));
  CAF_CHECK(!holds(-1, socket));
  CAF_CHECK(holds(getpid(), socket)); // it is our descendant
}

CAF_TEST(a descendant may hold it) {
  listener place{AF_INET};
  auto peer = start_script(place, "bash -c '(CONNECT) & wait' & wait");
  CAF_CHECK(holds(peer->id(), place.accept()));
}

CAF_TEST(a descendant may hold it that has lost its parent) {
  listener place{AF_INET};
  auto peer = start_script(place, "bash -c '(CONNECT) & exit'; exec sleep 1000");
  CAF_CHECK(holds(peer->id(), place.accept()));
}

CAF_TEST(a descendant may hold it that has left the session) {
  listener place{AF_INET};
  auto peer = start_script(place, "setsid bash -c 'CONNECT' & child=$!; trap 'kill -9 $child' TERM; wait");
  CAF_CHECK(holds(peer->id(), place.accept()));
  peer->signal(SIGTERM, peer::internal::process::signal_scope::process); // its group is not killed with it
  wait_for(*io, *peer);
}

CAF_TEST(the other end of our own connections is ours and nobody elses) {
  listener place{AF_INET};
  auto client = connect_to("127.0.0.1", place.port);
  auto socket = place.accept();
  auto other = start({.program = "sleep", .arguments = {"1000"}});
  CAF_CHECK(holds(getpid(), socket));
  CAF_CHECK(!holds(other->id(), socket));
}

CAF_TEST(a socket whose descriptor is moved meanwhile is found) {
  auto earlier = std::vector<descriptor>{}; // they are read between the list of all descriptors and the one that moves
  for (auto i = 0; i < 300; ++i)
    earlier.emplace_back(eventfd(0, EFD_CLOEXEC));
  auto random = std::minstd_rand{1};
  for (auto round = 0; round < 100; ++round) {
    listener place{AF_INET};
    auto client = connect_to("127.0.0.1", place.port);
    auto socket = place.accept();
    auto time = std::chrono::microseconds{random() % 1000};
    auto mover = std::thread{[&client, time] {
      std::this_thread::sleep_for(time);
      client = descriptor{fcntl(client.get(), F_DUPFD_CLOEXEC, 500)};
    }};
    auto found = holds(getpid(), socket);
    mover.join();
    CAF_REQUIRE(found);
  }
}

CAF_TEST(a socket that was closed is nobodys) {
  listener place{AF_INET};
  auto client = connect_to("127.0.0.1", place.port);
  auto socket = place.accept();
  client.reset();
  CAF_CHECK(was_closed(socket));
  CAF_CHECK(!holds(getpid(), socket));
}

CAF_TEST(both versions of IP are known and one inside of the other) {
  if (!has_ipv6()) {
    CAF_MESSAGE("skipped: this host has no IPv6");
    return;
  }
  listener both{AF_INET6};
  auto peer = start_script(both, "CONNECT"); // IPv4 there, mapped here
  CAF_CHECK(holds(peer->id(), both.accept()));
  auto client = connect_to("::1", both.port);
  CAF_CHECK(holds(getpid(), both.accept()));
  CAF_CHECK(!holds(peer->id(), client)); // its other end is ours
  listener v4{AF_INET};
  auto mapped = connect_to("::ffff:127.0.0.1", v4.port);
  CAF_REQUIRE(mapped);
  auto socket = v4.accept();
  CAF_CHECK(holds(getpid(), socket));
  CAF_CHECK(!holds(peer->id(), socket));
}

CAF_TEST(many sockets are looked up at once) {
  listener place{AF_INET};
  auto clients = std::vector<descriptor>{};
  auto sockets = std::vector<descriptor>{};
  auto add_ours = [&] {
    clients.push_back(connect_to("127.0.0.1", place.port));
    sockets.push_back(place.accept());
  };
  for (auto i = 0; i < 5; ++i)
    add_ours();
  auto peer = start_script(place, "CONNECT");
  sockets.push_back(place.accept());
  for (auto i = 0; i < 5; ++i)
    add_ours();
  auto fds = std::vector<int>{};
  for (auto& x : sockets)
    fds.push_back(x.get());
  auto expected = std::vector<bool>(11, false);
  expected[5] = true;
  CAF_CHECK(held_by(peer->id(), fds) == expected);
  CAF_CHECK(held_by(peer->id(), {}).value().empty());
}

CAF_TEST(without descriptors nothing is known) {
  listener place{AF_INET};
  auto client = connect_to("127.0.0.1", place.port);
  auto socket = place.accept();
  auto fd = socket.get();
  {
    no_descriptors shortage;
    CAF_CHECK(!held_by(getpid(), {&fd, 1}));
    shortage.give_back(1); // enough to ask the kernel for the socket and to look at its own descriptors
    CAF_CHECK(held_by(getpid(), {&fd, 1}) == std::vector{true});
  }
  CAF_CHECK(held_by(getpid(), {&fd, 1}) == std::vector{true});
}

CAF_TEST(what is no connected TCP socket is nobodys) {
  auto pair = unbox(peer::internal::process::make_socket_pair("a test"));
  auto pipe = unbox(peer::internal::process::make_pipe("a test"));
  listener unconnected{AF_INET};
  auto fds = std::vector{pair.first.get(), pipe.read.get(), unconnected.socket.get(), -1};
  CAF_CHECK(held_by(getpid(), fds) == std::vector<bool>(4, false));
}

CAF_TEST(the kernel and its tables tell the same) {
  listener v4{AF_INET};
  listener any{has_ipv6() ? AF_INET6 : AF_INET};
  auto clients = std::vector<descriptor>{};
  auto sockets = std::vector<descriptor>{};
  auto add = [&](const listener& place, const std::string& address) {
    clients.push_back(connect_to(address, place.port));
    CAF_REQUIRE(clients.back());
    sockets.push_back(place.accept());
  };
  add(v4, "127.0.0.1");
  add(v4, "127.0.0.1");
  if (has_ipv6()) {
    add(v4, "::ffff:127.0.0.1");
    add(any, "127.0.0.1");
    add(any, "::1");
  }
  auto fds = std::vector<int>{-1};
  auto expected = std::vector<peer::internal::process::socket_inode>{0};
  for (auto i = std::size_t{0}; i < clients.size(); ++i) {
    struct stat facts {};
    CAF_REQUIRE_EQUAL(fstat(clients[i].get(), &facts), 0);
    fds.push_back(sockets[i].get());
    expected.push_back(facts.st_ino);
  }
  CAF_CHECK_EQUAL(peer::internal::process::inodes_of_other_ends(fds), expected);
  CAF_CHECK_EQUAL(peer::internal::process::inodes_of_other_ends(fds, false), expected);
  // One that was closed leaves its port to whoever listens there.
  CAF_CHECK_EQUAL(shutdown(clients[0].get(), SHUT_WR), 0);
  CAF_CHECK(was_closed(sockets[0]));
  CAF_CHECK_EQUAL(peer::internal::process::inodes_of_other_ends(fds), expected); // it is still held
  clients[0].reset();
  expected[1] = 0;
  CAF_CHECK_EQUAL(peer::internal::process::inodes_of_other_ends(fds), expected);
  CAF_CHECK_EQUAL(peer::internal::process::inodes_of_other_ends(fds, false), expected);
}

CAF_TEST_FIXTURE_SCOPE_END()
