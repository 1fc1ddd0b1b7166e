// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "process/descriptor.hpp"

#include "caf/fwd.hpp"

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ip/tcp.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

/// @file
/// TCP addresses and sockets of both sides of a connection. Addresses and endpoints have Asio's types. Sockets do not,
/// because Asio does not create them close-on-exec.

namespace peer::internal::connection {

/// Reads an IPv4 or IPv6 address in numbers, without brackets and without a scope (`%eth0`).
std::optional<boost::asio::ip::address> parse_address(const std::string& text);

/// Names an address and a port in messages, for example "127.0.0.1, port 80".
std::string describe(const std::string& address, std::uint16_t port);

/// Makes a TCP socket, nonblocking and close-on-exec. Invalid, with errno, on failure.
process::descriptor make_socket(const boost::asio::ip::tcp& protocol);

/// Connects and sets TCP_NODELAY. The socket is nonblocking and close-on-exec. Blocks for up to `timeout`.
/// @param whom what is at the address; appears in errors.
/// @param address an address in numbers.
/// Fails with `errc::invalid_option` if `address` is not valid and with `errc::system_failure` if connecting fails.
caf::expected<process::descriptor> connect_to(std::string_view whom, const std::string& address, std::uint16_t port,
                                              std::chrono::milliseconds timeout);

} // namespace peer::internal::connection
