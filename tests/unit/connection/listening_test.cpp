// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.connection.listening

#include "connection/listening.hpp"
#include "peer/error.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/process_guard.hpp"
#include "tests/support/tcp_client.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <algorithm>

#include <fcntl.h>

using peer::errc;
using peer::internal::connection::is_numeric_address;
using peer::internal::connection::listen_at;
using peer::test::connect_to;
using peer::test::error_text;
using peer::test::has_ipv6;

using strings = std::vector<std::string>;

namespace {

struct fixture {
  ~fixture() { CAF_CHECK_EQUAL(guard.complaints(), strings{}); }

  peer::test::process_guard guard;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(listening_tests, fixture)

CAF_TEST(addresses are numbers) {
  for (auto text :
       {"127.0.0.1", "0.0.0.0", "192.168.1.255", "::", "::1", "fe80::1", "2001:db8::8a2e:370:7334", "::ffff:127.0.0.1"})
    CAF_CHECK(peer::internal::connection::is_numeric_address(text));
  for (auto text : {"", " ", "localhost", "127.1", "127.0.0.1 ", "127.0.0.256", "1.2.3.4.5", "[::1]", ":::", "::1%lo",
                    "12345::", "127.0.0.1:80"})
    CAF_CHECK(!peer::internal::connection::is_numeric_address(text));
  CAF_CHECK(!peer::internal::connection::is_numeric_address(std::string{"127.0.0.1\0", 10}));
}

CAF_TEST(loopback and a free port are the default) {
  auto place = unbox(peer::internal::connection::listen_at("", 0));
  CAF_CHECK_EQUAL(place.addresses, strings{"127.0.0.1"});
  CAF_CHECK_NOT_EQUAL(place.port, 0);
  CAF_CHECK((fcntl(place.socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
  CAF_CHECK((fcntl(place.socket.get(), F_GETFL) & O_NONBLOCK) != 0);
  CAF_CHECK(connect_to("127.0.0.1", place.port));
}

CAF_TEST(a port is listened at as soon as it was given up) {
  auto first = unbox(peer::internal::connection::listen_at("", 0));
  auto port = first.port;
  auto client = connect_to("127.0.0.1", port);
  CAF_REQUIRE(client);
  first.socket.reset(); // with a connection that was never taken
  CAF_CHECK_EQUAL(unbox(peer::internal::connection::listen_at("127.0.0.1", port)).port, port);
}

CAF_TEST(a port that is taken is an error that names it) {
  auto first = unbox(peer::internal::connection::listen_at("", 0));
  auto second = peer::internal::connection::listen_at("", first.port);
  CAF_REQUIRE(!second);
  CAF_CHECK_EQUAL(second.error(), errc::system_failure);
  CAF_CHECK_EQUAL(error_text(second.error()), "cannot listen at the address 127.0.0.1, port "
                                                  + std::to_string(first.port) + ": Address already in use");
}

CAF_TEST(an address of somebody else is an error that names it) {
  auto place = peer::internal::connection::listen_at("192.0.2.1", 0); // reserved for documentation: RFC 5737
  CAF_REQUIRE(!place);
  CAF_CHECK_EQUAL(error_text(place.error()),
                  "cannot listen at the address 192.0.2.1, port 0: Cannot assign requested address");
  CAF_CHECK_EQUAL(error_text(peer::internal::connection::listen_at("localhost", 0).error()),
                  "cannot listen at the address localhost, port 0: Invalid argument");
}

CAF_TEST(all addresses begin with loopback) {
  auto place = unbox(peer::internal::connection::listen_at("0.0.0.0", 0));
  CAF_REQUIRE(!place.addresses.empty());
  CAF_CHECK_EQUAL(place.addresses.front(), "127.0.0.1");
  CAF_CHECK_EQUAL(std::count(place.addresses.begin(), place.addresses.end(), "127.0.0.1"), 1);
  CAF_CHECK_EQUAL(std::count(place.addresses.begin(), place.addresses.end(), "0.0.0.0"), 0);
  for (auto& address : place.addresses) { // each of them is ours
    CAF_CHECK_EQUAL(address.find(':'), std::string::npos);
    CAF_CHECK(connect_to(address, place.port));
  }
}

CAF_TEST(all addresses of both versions of IP are reached) {
  if (!has_ipv6()) {
    CAF_MESSAGE("skipped: this host has no IPv6");
    return;
  }
  CAF_CHECK_EQUAL(unbox(peer::internal::connection::listen_at("0:0::1", 0)).addresses, strings{"::1"});
  auto place = unbox(peer::internal::connection::listen_at("::", 0));
  CAF_REQUIRE_GREATER(place.addresses.size(), 1u);
  CAF_CHECK_EQUAL(place.addresses[0], "::1");
  CAF_CHECK_EQUAL(place.addresses[1], "127.0.0.1");
  for (auto& address : place.addresses)
    CAF_CHECK(connect_to(address, place.port));
}

CAF_TEST_FIXTURE_SCOPE_END()
