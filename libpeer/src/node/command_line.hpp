// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include "caf/fwd.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace peer::internal::node {

/// The command line of OTP's `peer`. Unknown flags are ignored, as by `erl`.
struct node_options {
  /// Where the origin listens.
  struct address {
    std::vector<std::string> hosts; ///< numeric, to be tried in this order
    std::uint16_t port = 0;
  };

  std::string name;            ///< from `-sname` or `-name`, perhaps with a host; empty without one
  bool longnames = false;      ///< it was `-name`
  bool peer = false;           ///< `-user peer`: the program is to serve an origin
  std::optional<address> tcp;  ///< from `-origin`
  bool token_on_stdin = false; ///< `-token stdin`: standard input holds the secret for TCP
  bool libpeer = false;        ///< `-peer_origin libpeer`: the origin is a libpeer program
  bool detached = false;       ///< `-detached` or `-peer_detached`: no part of the origin's session
};

/// Reads the arguments, without the program's name. Fails with `errc::invalid_option`.
caf::expected<node_options> parse_command_line(const std::vector<std::string>& args);

/// The arguments without the flags of a node and their values.
std::vector<std::string> without_flags_of_node(const std::vector<std::string>& args);

/// The node name as in `erl`: with this host's short name after `-sname`, with its full one after `-name`, unless a
/// host is given; `nonode@nohost` without a name. Fails with `errc::invalid_option`.
caf::expected<atom> node_name(const node_options& options);

} // namespace peer::internal::node
