// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "connection/token.hpp"
#include "node/command_line.hpp"
#include "peer/detail/bytes.hpp"
#include "process/descriptor.hpp"
#include "wire/framing.hpp"

#include "caf/fwd.hpp"

#include <optional>

namespace peer::internal::node {

/// The node's end of the connection, before anything is read from it.
struct origin_link {
  process::descriptor input;
  process::descriptor output; ///< empty if `input` is a socket for both
  wire::framing_ptr framing;
  std::optional<connection::token_secret> secret; ///< proves over TCP that this is the node that was started

  /// What the program prints, if that does not reach the origin by itself.
  process::descriptor printed;
};

/// What the constructor of a node takes over, before anything else can use it: the descriptors of the connection,
/// standard input and, if need be, standard output.
class handed_over {
public:
  /// Takes over the connection that `options` and the environment describe. Descriptors 0 and 1 are usable afterwards,
  /// and no child of this process will hold the connection open. Fails with `errc::invalid_option` or
  /// `errc::system_failure`.
  static caf::expected<handed_over> take(const node_options& options);

  /// Connects, which may take `defaults::connect_timeout` per address of the origin. Fails with `errc::system_failure`.
  caf::expected<origin_link> connect() &&;

  /// Whether what the program prints goes through the node.
  bool captures_stdout() const noexcept { return static_cast<bool>(link_.printed); }

private:
  node_options options_;
  origin_link link_;
};

/// Lets what the program prints from now on vanish, if the node was to pass it on.
void discard_stdout();

} // namespace peer::internal::node
