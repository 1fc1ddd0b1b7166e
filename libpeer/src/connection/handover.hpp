// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>

/// @file
/// How an origin passes the connection to a libpeer node. What OTP has in common is in docs/protocol.md, "Command
/// lines".

namespace peer::internal::connection::handover {

/// The environment variable with the descriptor of an `inherited` connection, a connected stream socket. The node
/// removes the variable and marks the descriptor close-on-exec, so that its own children do not keep the connection
/// open.
inline constexpr auto descriptor_variable = "LIBPEER_DESCRIPTOR";

/// The number that the descriptor has in the new process.
inline constexpr int descriptor_number = 3;

/// Over `tcp`: the flag, with the value "stdin", that makes a libpeer node read its secret from standard input, as a
/// line of hexadecimal digits, and prove its identity with it. Other nodes ignore the flag. The secret never is in the
/// arguments or the environment of a process, which others can read.
inline constexpr auto token_flag = "-token";
inline constexpr auto token_source = "stdin";

/// The flag, with the value "libpeer", that a libpeer origin adds to the arguments. `erl` ignores it. A node sends
/// requests that OTP's group leaders do not know (`put_bytes`, `ready`) only if it was started with the flag, a token
/// or an inherited connection: an origin of another kind cannot distinguish it from `erl`.
inline constexpr auto origin_flag = "-peer_origin";
inline constexpr auto origin_kind = "libpeer";

/// Bytes of the secret: 256 bits.
inline constexpr std::size_t token_size = 32;

} // namespace peer::internal::connection::handover
