// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <boost/asio/local/stream_protocol.hpp>

#include <cerrno>
#include <optional>
#include <string>

#include <sys/socket.h>

/// @file
/// What both sides of the control socket need.

namespace peerctl {

/// The error of the socket at that path.
caf::error socket_error(const std::string& path, const std::string& why);

/// The same with the system's error.
caf::error system_error(const std::string& path, const std::string& what, int code = errno);

caf::expected<boost::asio::local::stream_protocol::endpoint> endpoint_of(const std::string& path);

/// The process at the other end of a connected socket.
std::optional<ucred> other_process(int connected);

/// Whether that is a process of this user.
bool is_own(int connected);

/// The default path: `peerctl-UID.sock` in XDG_RUNTIME_DIR, or else in /tmp.
std::string default_socket();

} // namespace peerctl
