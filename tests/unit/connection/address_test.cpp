// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.connection.address

#include "connection/address.hpp"
#include "connection/listening.hpp"
#include "peer/error.hpp"
#include "tests/support/error_text.hpp"
#include "tests/support/process_guard.hpp"
#include "tests/support/tcp_client.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <string>
#include <vector>

#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

using namespace std::chrono_literals;

using peer::errc;
using peer::internal::connection::connect_to;
using peer::internal::connection::listen_at;
using peer::internal::connection::parse_address;
using peer::test::error_text;
using peer::test::has_ipv6;

namespace {

struct fixture {
  ~fixture() { CAF_CHECK_EQUAL(guard.complaints(), std::vector<std::string>{}); }

  peer::test::process_guard guard;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(address_tests, fixture)

CAF_TEST(an address is one in numbers without scope) {
  CAF_CHECK_EQUAL(parse_address("127.0.0.1").value().to_string(), "127.0.0.1");
  CAF_CHECK_EQUAL(parse_address("0:0::1").value().to_string(), "::1");
  for (auto text : {"", "localhost", "127.1", "[::1]", "::1%lo", "fe80::1%1", "127.0.0.1:80"})
    CAF_CHECK(!parse_address(text));
  CAF_CHECK(!parse_address(std::string{"127.0.0.1\0", 10}));
}

CAF_TEST(a connection is made over both versions of IP) {
  for (auto address : {"127.0.0.1", "::1"}) {
    if (address == std::string{"::1"} && !has_ipv6())
      continue;
    auto place = unbox(listen_at(address, 0));
    auto socket = unbox(connect_to("the origin", address, place.port, 5s));
    CAF_CHECK((fcntl(socket.get(), F_GETFD) & FD_CLOEXEC) != 0);
    CAF_CHECK((fcntl(socket.get(), F_GETFL) & O_NONBLOCK) != 0);
    auto no_delay = 0;
    auto size = socklen_t{sizeof(no_delay)};
    getsockopt(socket.get(), IPPROTO_TCP, TCP_NODELAY, &no_delay, &size);
    CAF_CHECK_NOT_EQUAL(no_delay, 0);
  }
}

CAF_TEST(an address that is none is an error that quotes it) {
  auto failed = connect_to("the origin", "localhost", 80, 5s);
  CAF_REQUIRE(!failed);
  CAF_CHECK_EQUAL(failed.error(), errc::invalid_option);
  CAF_CHECK_EQUAL(error_text(failed.error()), "the address of the origin, 'localhost', must be an IPv4 or IPv6 address "
                                              "in numbers, such as '127.0.0.1' or '::1'");
}

CAF_TEST(a port without a listener is an error that names it) {
  auto place = unbox(listen_at("", 0));
  auto port = place.port;
  place.socket.reset();
  auto failed = connect_to("the origin", "127.0.0.1", port, 5s);
  CAF_REQUIRE(!failed);
  CAF_CHECK_EQUAL(failed.error(), errc::system_failure);
  CAF_CHECK_EQUAL(error_text(failed.error()),
                  "cannot connect to the origin at 127.0.0.1, port " + std::to_string(port) + ": Connection refused");
}

CAF_TEST(a listener that does not answer is given up) {
  auto place = unbox(listen_at("", 0));
  listen(place.socket.get(), 0); // the system drops further connectors once its queue is full
  auto waiting = std::vector<peer::internal::process::descriptor>{};
  auto failed = caf::error{};
  while (!failed && waiting.size() < 16) {
    auto socket = connect_to("the origin", "127.0.0.1", place.port, 50ms);
    if (socket)
      waiting.push_back(std::move(*socket));
    else
      failed = std::move(socket.error());
  }
  CAF_CHECK_EQUAL(error_text(failed), "cannot connect to the origin at 127.0.0.1, port " + std::to_string(place.port)
                                          + ": Connection timed out");
}

CAF_TEST_FIXTURE_SCOPE_END()
