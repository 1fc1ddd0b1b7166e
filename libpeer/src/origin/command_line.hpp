// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/options.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// @file
/// What is derived from start options before a process exists.

namespace peer::internal::origin {

/// The option `exec` or its default.
peer::exec chosen_program(const start_options& options);

/// The option `connection` or its default.
connection_kind chosen_connection(const start_options& options);

/// The option `shutdown`, with `shutdown_default` resolved.
shutdown_option chosen_shutdown(const start_options& options);

/// The time that the option names for all steps together; nothing for `shutdown_close`. @pre not `shutdown_default`
std::optional<caf::timespan> named_time(const shutdown_option& how);

/// What a peer over `tcp` needs in order to connect.
struct meeting_point {
  std::vector<std::string> addresses; ///< in the order in which to try them
  std::uint16_t port = 0;
  bool has_secret = false; ///< whether its stdin begins with a secret
};

/// The arguments that the program is started with, `exec`'s own included ("Command lines" in docs/protocol.md).
/// @param where of a connection over `tcp`, and nothing else.
std::vector<std::string> command_line(const start_options& options, const std::optional<meeting_point>& where = {});

/// The peer's name in errors and console prefixes: that of the node or, without one, that of the program.
std::string display_name(const start_options& options);

/// The name that a node has before it has booted: with its host if both are options, else `''`.
atom name_before_boot(const start_options& options);

} // namespace peer::internal::origin
