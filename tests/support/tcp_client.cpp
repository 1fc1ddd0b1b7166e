// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tests/support/tcp_client.hpp"

#include <cerrno>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace peer::test {

bool has_ipv6() {
  auto fd = peer::internal::process::descriptor{socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto loopback = sockaddr_in6{};
  loopback.sin6_family = AF_INET6;
  loopback.sin6_addr = in6addr_loopback;
  return fd && bind(fd.get(), reinterpret_cast<const sockaddr*>(&loopback), sizeof(loopback)) == 0;
}

peer::internal::process::descriptor connect_to(const std::string& address, std::uint16_t port) {
  auto v4 = sockaddr_in{};
  auto v6 = sockaddr_in6{};
  v4.sin_family = AF_INET;
  v4.sin_port = htons(port);
  v6.sin6_family = AF_INET6;
  v6.sin6_port = htons(port);
  auto is_v4 = inet_pton(AF_INET, address.c_str(), &v4.sin_addr) == 1;
  if (!is_v4 && inet_pton(AF_INET6, address.c_str(), &v6.sin6_addr) != 1)
    return {};
  auto fd = peer::internal::process::descriptor{socket(is_v4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0)};
  auto to = is_v4 ? reinterpret_cast<const sockaddr*>(&v4) : reinterpret_cast<const sockaddr*>(&v6);
  if (!fd || connect(fd.get(), to, is_v4 ? sizeof(v4) : sizeof(v6)) != 0)
    return {};
  return fd;
}

bool say(const peer::internal::process::descriptor& socket, std::string_view bytes) {
  while (!bytes.empty()) {
    auto sent = send(socket.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0)
      return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

bool was_closed(const peer::internal::process::descriptor& socket) {
  auto c = char{};
  auto got = read(socket.get(), &c, 1);
  return got == 0 || (got < 0 && errno == ECONNRESET);
}

} // namespace peer::test
