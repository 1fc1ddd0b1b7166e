// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "process/descriptor.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace peer::test {

/// Whether this host has the loopback address of IPv6.
bool has_ipv6();

/// Connects to a TCP port; empty if that fails. @param address an IPv4 or IPv6 address in numbers.
peer::internal::process::descriptor connect_to(const std::string& address, std::uint16_t port);

/// Sends all of `bytes`. Returns false if the other side has gone.
bool say(const peer::internal::process::descriptor& socket, std::string_view bytes);

/// Waits for the end of the connection: the other side has closed it, and wrote nothing before.
bool was_closed(const peer::internal::process::descriptor& socket);

} // namespace peer::test
