// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "socket_path.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"

#include <cstdlib>
#include <cstring>

#include <sys/un.h>
#include <unistd.h>

namespace peerctl {

caf::error socket_error(const std::string& path, const std::string& why) {
  return peer::fail(peer::errc::system_failure, "the socket " + path + " " + why);
}

caf::error system_error(const std::string& path, const std::string& what, int code) {
  return socket_error(path, what + ": " + std::strerror(code));
}

caf::expected<boost::asio::local::stream_protocol::endpoint> endpoint_of(const std::string& path) {
  constexpr auto longest = sizeof(sockaddr_un::sun_path) - 1;
  if (path.empty() || path.size() > longest)
    return socket_error(path, "needs a path of 1 to " + std::to_string(longest) + " bytes");
  return boost::asio::local::stream_protocol::endpoint{path};
}

std::optional<ucred> other_process(int connected) {
  auto other = ucred{};
  auto size = socklen_t{sizeof(other)};
  if (getsockopt(connected, SOL_SOCKET, SO_PEERCRED, &other, &size) != 0)
    return std::nullopt;
  return other;
}

bool is_own(int connected) {
  auto other = other_process(connected);
  return other && other->uid == geteuid();
}

std::string default_socket() {
  auto directory = std::getenv("XDG_RUNTIME_DIR");
  auto place = directory != nullptr && *directory != '\0' ? std::string{directory} : std::string{"/tmp"};
  return place + "/peerctl-" + std::to_string(geteuid()) + ".sock";
}

} // namespace peerctl
