// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "connection/listening.hpp"

#include "connection/address.hpp"
#include "process/close_on_fork.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <cerrno>
#include <cstring>
#include <memory>
#include <optional>

#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace peer::internal::connection {

namespace {

using boost::asio::ip::address;
using boost::asio::ip::address_v4;
using boost::asio::ip::address_v6;
using boost::asio::ip::tcp;

/// The IP address of an interface; `nullopt` if it has none of that family.
std::optional<address> address_of(const ifaddrs& interface) {
  auto family = interface.ifa_addr == nullptr ? AF_UNSPEC : interface.ifa_addr->sa_family;
  if (family != AF_INET && family != AF_INET6)
    return std::nullopt;
  auto result = tcp::endpoint{family == AF_INET ? tcp::v4() : tcp::v6(), 0};
  std::memcpy(result.data(), interface.ifa_addr, result.size());
  return result.address();
}

/// Whether a peer can connect to this address. False for IPv6 link-local addresses, which need a scope.
bool is_usable(const address& x, bool v6_too) {
  return x.is_v4() || (v6_too && !x.to_v6().is_link_local());
}

std::vector<std::string> reachable_addresses(const address& bound_to) {
  if (!bound_to.is_unspecified())
    return {bound_to.to_string()};
  auto v6_too = bound_to.is_v6();
  auto result = std::vector<std::string>{};
  if (v6_too)
    result.push_back(address_v6::loopback().to_string());
  result.push_back(address_v4::loopback().to_string());
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0)
    return result;
  auto owner = std::unique_ptr<ifaddrs, decltype(&freeifaddrs)>{list, freeifaddrs};
  for (auto i = list; i != nullptr; i = i->ifa_next) {
    if ((i->ifa_flags & IFF_UP) == 0 || (i->ifa_flags & IFF_LOOPBACK) != 0)
      continue;
    if (auto found = address_of(*i); found && is_usable(*found, v6_too))
      result.push_back(found->to_string());
  }
  return result;
}

/// As `make_socket`, also closed in children that this process forks.
process::descriptor make_listener(const tcp& protocol) {
  process::fork_pause pause;
  auto result = make_socket(protocol);
  pause.close_on_fork(result.get());
  return result;
}

/// Binds and listens. Returns an errno value, 0 for success.
int open_at(tcp::endpoint where, listening_socket& result) {
  result.socket = make_listener(where.protocol());
  auto fd = result.socket.get();
  auto yes = 1;
  auto no = 0;
  if (fd < 0)
    return errno;
  // A port can be used again while connections of its last use are in TIME_WAIT.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (where.address().is_v6())
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
  auto size = static_cast<socklen_t>(where.size());
  if (bind(fd, where.data(), size) != 0 || listen(fd, SOMAXCONN) != 0 || getsockname(fd, where.data(), &size) != 0)
    return errno;
  result.port = where.port();
  result.addresses = reachable_addresses(where.address());
  return 0;
}

} // namespace

bool is_numeric_address(const std::string& text) {
  return parse_address(text).has_value();
}

caf::expected<listening_socket> listen_at(const std::string& address, std::uint16_t port) {
  auto where = address.empty() ? address_v4::loopback().to_string() : address;
  auto parsed = parse_address(where);
  auto result = listening_socket{};
  if (auto failed = parsed ? open_at({*parsed, port}, result) : EINVAL; failed != 0)
    return process::system_failure("cannot listen at the address " + describe(where, port), failed);
  return result;
}

} // namespace peer::internal::connection
