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

  bool libpeer = false; ///< the origin is a libpeer program

  /// The program's output, if the node must forward it to the origin.
  process::descriptor printed;
};

/// The descriptors that the constructor of a node takes over before anything else can use them: those of the
/// connection, standard input and, if necessary, standard output.
class handed_over {
public:
  /// Takes over the connection described by `options` and the environment. Descriptors 0 and 1 stay usable, and
  /// children of this process do not inherit the connection. Fails with `errc::invalid_option` or
  /// `errc::system_failure`.
  static caf::expected<handed_over> take(const node_options& options);

  /// Connects, which may take `defaults::connect_timeout` per address of the origin. Fails with `errc::system_failure`.
  caf::expected<origin_link> connect() &&;

  /// Whether the origin is a libpeer program.
  bool has_libpeer_origin() const noexcept { return link_.libpeer; }

  /// Whether the node forwards the program's output.
  bool captures_stdout() const noexcept { return static_cast<bool>(link_.printed); }

private:
  node_options options_;
  origin_link link_;
};

/// Discards the program's output from now on, if the node was to forward it.
void discard_stdout();

} // namespace peer::internal::node
