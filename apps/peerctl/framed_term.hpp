// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/peer.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <chrono>
#include <optional>

/// @file
/// Terms over a stream socket, as the Erlang options `binary, {packet, 4}` and `term_to_binary` have them.

namespace peerctl {

/// How long the other side may take; for ever if there is none.
using patience = std::optional<std::chrono::milliseconds>;

/// Sends the length of a term and the term.
caf::error send_frame(int socket, const peer::byte_buffer& term, patience limit);

/// Receives what `send_frame` sends. Fails if that is longer than 16 MiB.
caf::expected<peer::byte_buffer> receive_frame(int socket, patience limit);

template <class T>
caf::error send_framed(int socket, const T& value, patience limit) {
  auto encoded = peer::byte_buffer{std::byte{131}}; // the version
  if (auto err = peer::save_term(encoded, value))
    return err;
  return send_frame(socket, encoded, limit);
}

template <class T>
caf::expected<T> receive_framed(int socket, patience limit) {
  auto encoded = receive_frame(socket, limit);
  if (!encoded)
    return std::move(encoded.error());
  if (encoded->empty() || encoded->front() != std::byte{131})
    return caf::make_error(peer::errc::bad_term, std::string{"what came is no term in the external format"});
  return peer::load_term<T>(peer::const_byte_span{*encoded}.subspan(1));
}

} // namespace peerctl
