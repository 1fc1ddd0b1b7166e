// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "framed_term.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <poll.h>
#include <sys/socket.h>

namespace peerctl {

namespace {

using clock = std::chrono::steady_clock;
using deadline = std::optional<clock::time_point>;

constexpr auto max_frame = std::size_t{16} << 20;
constexpr auto piece = std::size_t{64} << 10;

deadline deadline_of(patience limit) {
  return limit ? deadline{clock::now() + *limit} : std::nullopt;
}

caf::error failed(const std::string& why) {
  return caf::make_error(peer::errc::system_failure, "the control connection " + why);
}

/// Waits until the socket can be read or written.
caf::error wait_for(int socket, short what, deadline until) {
  for (;;) {
    auto left = -1;
    if (until) {
      auto time = std::chrono::ceil<std::chrono::milliseconds>(*until - clock::now()).count();
      left = static_cast<int>(std::max<decltype(time)>(time, 0));
    }
    auto ready = pollfd{socket, what, 0};
    auto count = poll(&ready, 1, left);
    if (count > 0)
      return {};
    if (count == 0)
      return failed("was too slow");
    if (errno != EINTR)
      return failed(std::string{"failed: "} + std::strerror(errno));
  }
}

caf::error send_bytes(int socket, const std::byte* bytes, std::size_t count, deadline until) {
  while (count > 0) {
    auto sent = send(socket, bytes, count, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent >= 0) {
      bytes += sent;
      count -= static_cast<std::size_t>(sent);
    } else if (errno != EAGAIN && errno != EINTR) {
      return failed(std::string{"failed: "} + std::strerror(errno));
    } else if (auto err = wait_for(socket, POLLOUT, until)) {
      return err;
    }
  }
  return {};
}

caf::error receive_bytes(int socket, std::byte* bytes, std::size_t count, deadline until) {
  while (count > 0) {
    if (auto err = wait_for(socket, POLLIN, until))
      return err;
    auto got = recv(socket, bytes, count, MSG_DONTWAIT);
    if (got == 0)
      return failed("was closed");
    if (got < 0 && errno != EAGAIN && errno != EINTR)
      return failed(std::string{"failed: "} + std::strerror(errno));
    if (got > 0) {
      bytes += got;
      count -= static_cast<std::size_t>(got);
    }
  }
  return {};
}

} // namespace

caf::error send_frame(int socket, const peer::byte_buffer& term, patience limit) {
  auto length = std::array<std::byte, 4>{};
  for (auto i = std::size_t{0}; i < length.size(); ++i)
    length[i] = static_cast<std::byte>(term.size() >> (8 * (3 - i)));
  if (term.size() > max_frame)
    return failed("takes at most 16 MiB, not " + std::to_string(term.size()) + " bytes");
  auto until = deadline_of(limit);
  if (auto err = send_bytes(socket, length.data(), length.size(), until))
    return err;
  return send_bytes(socket, term.data(), term.size(), until);
}

caf::expected<peer::byte_buffer> receive_frame(int socket, patience limit) {
  auto until = deadline_of(limit);
  auto length = std::array<std::byte, 4>{};
  if (auto err = receive_bytes(socket, length.data(), length.size(), until))
    return err;
  auto size = std::size_t{0};
  for (auto each : length)
    size = size << 8 | std::to_integer<std::size_t>(each);
  if (size > max_frame)
    return failed("announced " + std::to_string(size) + " bytes; 16 MiB is the most");
  auto result = peer::byte_buffer{};
  while (result.size() < size) { // memory for what came, not for what was announced
    auto have = result.size();
    result.resize(std::min(size, have + piece));
    if (auto err = receive_bytes(socket, result.data() + have, result.size() - have, until))
      return err;
  }
  return result;
}

} // namespace peerctl
