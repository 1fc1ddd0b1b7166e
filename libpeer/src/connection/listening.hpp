// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "process/descriptor.hpp"

#include "caf/fwd.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace peer::internal::connection {

/// A TCP socket that takes connections, nonblocking and close-on-exec.
struct listening_socket {
  process::descriptor socket;

  /// Where it can be reached, in the order in which a peer should try: what it was bound to; for the unspecified
  /// address (0.0.0.0, ::) loopback first and then the addresses of all interfaces that are up, as OTP's origins do it.
  /// Of IPv6, link-local addresses are left out, because they need a scope.
  std::vector<std::string> addresses;

  std::uint16_t port = 0;
};

/// Whether that is an IPv4 or IPv6 address in numbers, without brackets.
bool is_numeric_address(const std::string& text);

/// Listens. @param address a numeric one, or empty for the IPv4 loopback; `::` takes IPv4 connections, too.
/// @param port 0 for a free one. Fails with `errc::system_failure`; the error names both.
caf::expected<listening_socket> listen_at(const std::string& address, std::uint16_t port);

} // namespace peer::internal::connection
