// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/node.hpp"

/// @file
/// The functions of `peer_node` in addition to those of every node. Except for the module `peer_node`, they have the
/// names, arguments, results and errors of Erlang/OTP's.

namespace peer_node {

/// `erlang:self/0, throw/1, error/1, exit/1, send/2, apply/3, whereis/1`, `os:getenv/1`, `timer:sleep/1`,
/// `lists:reverse/1,2`.
void add_system_functions(peer::node& node);

/// `io:format/1,2,3`, `io:put_chars/1,2`, `io:get_line/1`, `io_lib:format/2`.
///
/// A device is `standard_io` or `user`, both the origin's I/O server; `standard_error`, descriptor 2 of this process;
/// or a pid, which is sent the request. Its answer is not waited for: most connections have no way back to a function.
void add_io_functions(peer::node& node);

/// For tests and trials:
///
///     peer_node:echo(X)              returns X
///     peer_node:crash(Signal)        ends this process by that signal, with last words on standard error
///     peer_node:spam(N, Text)        prints N lines on standard output
///     peer_node:ready()              reports to the origin that this node is ready
///     peer_node:write(Binary)        writes bytes to standard output as they are
///
/// and an actor of the name `echo`, which answers `{From, X}` with `{echo, X}`.
void add_test_functions(peer::node& node);

} // namespace peer_node
