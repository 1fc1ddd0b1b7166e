// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/convert.hpp"
#include "peer/error.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <utility>

/// @file
/// Terms over a stream socket, framed as by the Erlang options `binary, {packet, 4}` and encoded as by
/// `term_to_binary`.

namespace peerctl {

/// The time that an operation may take; unlimited without a value.
using patience = std::optional<std::chrono::milliseconds>;

/// The longest term that an end receives without a reason to trust the other one, and the longest one at all.
constexpr auto request_limit = std::size_t{16} << 20;
constexpr auto answer_limit = std::size_t{1} << 30;

/// A connected socket that sends and receives terms up to a limit. One operation at a time; handlers run in the
/// socket's `io_context`. The object lives until the last operation has completed.
class framed_socket : public std::enable_shared_from_this<framed_socket> {
public:
  using socket = boost::asio::local::stream_protocol::socket;

  framed_socket(socket connected, std::size_t most_sent, std::size_t most_received)
      : socket_(std::move(connected)),
        deadline_(socket_.get_executor()),
        most_sent_(most_sent),
        most_received_(most_received) {}

  /// Sends the length of a term (4 bytes, the highest first) and the term. Fails with `errc::overload`, and has sent
  /// nothing, if it is too long.
  template <class T>
  void send(const T& value, patience limit, std::function<void(caf::error)> done) {
    auto encoded = peer::byte_buffer{version};
    if (auto err = peer::save_term(encoded, value))
      done(std::move(err));
    else
      send_frame(std::move(encoded), limit, std::move(done));
  }

  /// Receives what `send` sends.
  template <class T>
  void receive(patience limit, std::function<void(caf::expected<T>)> done) {
    receive_frame(limit, [done = std::move(done)](caf::expected<peer::byte_buffer> encoded) {
      if (!encoded)
        done(std::move(encoded.error()));
      else if (encoded->empty() || encoded->front() != version)
        done(peer::fail(peer::errc::bad_term, "the data is not a term in the external format"));
      else
        done(peer::load_term<T>(peer::const_byte_span{*encoded}.subspan(1)));
    });
  }

  /// Reads end of file from now on, also in a `receive` that has begun.
  void stop_receiving();

private:
  static constexpr auto version = std::byte{131}; ///< of the external format

  using error_code = boost::system::error_code;
  using frame_handler = std::function<void(caf::expected<peer::byte_buffer>)>;

  void send_frame(peer::byte_buffer term, patience limit, std::function<void(caf::error)> done);
  void receive_frame(patience limit, frame_handler done);
  void receive_content(frame_handler done);

  /// Cancels the operation when the time is over.
  void begin(patience limit);

  /// The result of the operation.
  caf::error end(const error_code& failed);

  socket socket_;
  boost::asio::steady_timer deadline_;
  std::size_t most_sent_;
  std::size_t most_received_;
  bool late_ = false; ///< whether the operation was cancelled
  std::array<unsigned char, 4> length_{};
  peer::byte_buffer content_;
};

} // namespace peerctl
