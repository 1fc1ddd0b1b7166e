// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "process/descriptor.hpp"

#include "caf/fwd.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace peer::internal::connection {

/// A TCP socket that accepts connections, nonblocking and close-on-exec.
struct listening_socket {
  process::descriptor socket;

  /// Addresses to connect to, in the order in which a peer should try them: the one that the socket is bound to; for
  /// the unspecified address (0.0.0.0, ::) loopback first, then the addresses of all interfaces that are up, as in OTP.
  /// Without link-local addresses of IPv6, which need a scope.
  std::vector<std::string> addresses;

  std::uint16_t port = 0;
};

/// Whether `text` is an IPv4 or IPv6 address in numbers, without brackets and scope.
bool is_numeric_address(const std::string& text);

/// Listens for TCP connections.
/// @param address in numbers, or empty for the IPv4 loopback address; `::` accepts IPv4 connections, too.
/// @param port 0 for a free one.
/// Fails with `errc::system_failure`; the error names address and port.
caf::expected<listening_socket> listen_at(const std::string& address, std::uint16_t port);

} // namespace peer::internal::connection
