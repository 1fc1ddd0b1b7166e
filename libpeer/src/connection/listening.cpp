// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "connection/listening.hpp"

#include "process/close_on_fork.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <cerrno>
#include <memory>
#include <optional>
#include <string_view>

#include <arpa/inet.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace peer::internal::connection {

namespace {

constexpr auto loopback_v4 = "127.0.0.1";
constexpr auto loopback_v6 = "::1";
constexpr auto any_v4 = std::string_view{"0.0.0.0"};
constexpr auto any_v6 = std::string_view{"::"};

/// An address as the system wants it.
union socket_address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;

  int family() const noexcept { return any.sa_family; }

  socklen_t size() const noexcept { return family() == AF_INET ? sizeof(v4) : sizeof(v6); }

  std::uint16_t port() const noexcept { return ntohs(family() == AF_INET ? v4.sin_port : v6.sin6_port); }
};

std::optional<socket_address> to_address(const std::string& text, std::uint16_t port) {
  auto result = socket_address{};
  result.v6 = {};
  if (inet_pton(AF_INET, text.c_str(), &result.v4.sin_addr) == 1) {
    result.v4.sin_family = AF_INET;
    result.v4.sin_port = htons(port);
    return result;
  }
  result.v6 = {};
  if (inet_pton(AF_INET6, text.c_str(), &result.v6.sin6_addr) == 1) {
    result.v6.sin6_family = AF_INET6;
    result.v6.sin6_port = htons(port);
    return result;
  }
  return std::nullopt;
}

/// The canonical form.
std::string to_text(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = {};
  if (address.sa_family == AF_INET)
    inet_ntop(AF_INET, &reinterpret_cast<const sockaddr_in&>(address).sin_addr, text, sizeof(text));
  else
    inet_ntop(AF_INET6, &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr, text, sizeof(text));
  return text;
}

/// Whether a peer can be told the address of this interface. @param v6_too whether the socket takes IPv6, too.
bool is_usable(const ifaddrs& interface, bool v6_too) {
  if (interface.ifa_addr == nullptr || (interface.ifa_flags & IFF_UP) == 0 || (interface.ifa_flags & IFF_LOOPBACK) != 0)
    return false;
  if (interface.ifa_addr->sa_family == AF_INET)
    return true;
  return v6_too && interface.ifa_addr->sa_family == AF_INET6
      && !IN6_IS_ADDR_LINKLOCAL(&reinterpret_cast<const sockaddr_in6*>(interface.ifa_addr)->sin6_addr);
}

std::vector<std::string> reachable_addresses(const std::string& bound_to) {
  if (bound_to != any_v4 && bound_to != any_v6)
    return {bound_to};
  auto v6_too = bound_to == any_v6;
  auto result = std::vector<std::string>{};
  if (v6_too)
    result.emplace_back(loopback_v6);
  result.emplace_back(loopback_v4);
  ifaddrs* list = nullptr;
  if (getifaddrs(&list) != 0)
    return result;
  auto owner = std::unique_ptr<ifaddrs, decltype(&freeifaddrs)>{list, freeifaddrs};
  for (auto i = list; i != nullptr; i = i->ifa_next)
    if (is_usable(*i, v6_too))
      result.push_back(to_text(*i->ifa_addr));
  return result;
}

/// Invalid, with errno, if there can be none.
process::descriptor make_socket(int family) {
  process::fork_pause pause;
  auto result = process::descriptor{socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
  pause.close_on_fork(result.get());
  return result;
}

/// Binds and listens. Returns an errno value, 0 for success.
int open_at(socket_address address, listening_socket& result) {
  result.socket = make_socket(address.family());
  auto fd = result.socket.get();
  auto yes = 1;
  auto no = 0;
  if (fd < 0)
    return errno;
  // A port may be used again while connections of the last time are still remembered.
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (address.family() == AF_INET6)
    setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
  auto size = address.size();
  if (bind(fd, &address.any, size) != 0 || listen(fd, SOMAXCONN) != 0 || getsockname(fd, &address.any, &size) != 0)
    return errno;
  result.port = address.port();
  result.addresses = reachable_addresses(to_text(address.any));
  return 0;
}

} // namespace

bool is_numeric_address(const std::string& text) {
  return text.find('\0') == std::string::npos && to_address(text, 0).has_value();
}

caf::expected<listening_socket> listen_at(const std::string& address, std::uint16_t port) {
  auto where = address.empty() ? std::string{loopback_v4} : address;
  auto parsed = to_address(where, port);
  auto result = listening_socket{};
  if (auto failed = parsed ? open_at(*parsed, result) : EINVAL; failed != 0)
    return process::system_failure("cannot listen at the address " + where + ", port " + std::to_string(port), failed);
  return result;
}

} // namespace peer::internal::connection
