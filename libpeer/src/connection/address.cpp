// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "connection/address.hpp"

#include "peer/error.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <cerrno>

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

namespace peer::internal::connection {

namespace {

using boost::asio::ip::tcp;

/// Waits until a pending connection is established. Returns an errno value, 0 for success.
int finish_connect(int fd, std::chrono::milliseconds timeout) {
  auto ready = pollfd{fd, POLLOUT, 0};
  auto count = 0;
  do
    count = poll(&ready, 1, static_cast<int>(timeout.count()));
  while (count < 0 && errno == EINTR);
  if (count <= 0)
    return count == 0 ? ETIMEDOUT : errno;
  auto code = 0;
  auto size = socklen_t{sizeof(code)};
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &size) == 0 ? code : errno;
}

/// Returns an errno value, 0 for success.
int connect_socket(int fd, const tcp::endpoint& to, std::chrono::milliseconds timeout) {
  if (fd < 0)
    return errno;
  if (connect(fd, to.data(), static_cast<socklen_t>(to.size())) == 0)
    return 0;
  auto code = errno;
  return code == EINPROGRESS || code == EINTR ? finish_connect(fd, timeout) : code;
}

} // namespace

std::optional<boost::asio::ip::address> parse_address(const std::string& text) {
  constexpr auto unwanted = std::string_view{"%\0", 2}; // a scope; a NUL, where make_address would stop
  auto failed = boost::system::error_code{};
  auto result = boost::asio::ip::make_address(text, failed);
  if (failed || text.find_first_of(unwanted) != std::string::npos)
    return std::nullopt;
  return result;
}

std::string describe(const std::string& address, std::uint16_t port) {
  return address + ", port " + std::to_string(port);
}

process::descriptor make_socket(const tcp& protocol) {
  return process::descriptor{socket(protocol.family(), protocol.type() | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)};
}

caf::expected<process::descriptor> connect_to(std::string_view whom, const std::string& address, std::uint16_t port,
                                              std::chrono::milliseconds timeout) {
  auto name = std::string{whom};
  auto parsed = parse_address(address);
  if (!parsed)
    return fail(errc::invalid_option, "the address of " + name + ", '" + address
                                          + "', must be an IPv4 or IPv6 address in numbers, such as "
                                            "'127.0.0.1' or '::1'");
  auto to = tcp::endpoint{*parsed, port};
  auto result = make_socket(to.protocol());
  if (auto code = connect_socket(result.get(), to, timeout); code != 0)
    return process::system_failure("cannot connect to " + name + " at " + describe(address, port), code);
  auto on = 1; // calls and answers are small
  setsockopt(result.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
  return result;
}

} // namespace peer::internal::connection
