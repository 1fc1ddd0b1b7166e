// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"
#include "process/descriptor.hpp"

#include <functional>
#include <memory>
#include <system_error>

namespace boost::asio {
class io_context;
} // namespace boost::asio

namespace peer::internal::connection {

/// Reads a pipe, a socket or a file that never blocks, on the loop's thread. An idle reader holds no buffer. Its owner
/// may write to a socket meanwhile.
class stream_reader {
public:
  /// Receives bytes, which are valid during the call. It may pause or destroy the reader.
  using data_handler = std::function<void(const_byte_span)>;

  /// Called once at the end of the stream. The error is empty at end of file.
  using end_handler = std::function<void(std::error_code)>;

  /// Starts reading.
  static std::unique_ptr<stream_reader> make(boost::asio::io_context& io, process::descriptor input,
                                             data_handler on_data, end_handler on_end);

  virtual ~stream_reader();

  /// Stops reading until `resume`. The writer blocks once the pipe is full.
  virtual void pause() = 0;
  virtual void resume() = 0;

  /// Reads what is available now, also while paused. Stops at the end of the stream, which is then reported as usual.
  virtual void drain() = 0;

  /// Reads what is available now unless paused, without checking for the end of the stream. Cheap if there is nothing.
  /// May be called from another reader's handler.
  virtual void catch_up() = 0;

  // -- for sockets ---

  /// The descriptor; -1 after the end of the stream.
  virtual int native_handle() const noexcept = 0;

  /// Calls `handler` once when the socket becomes writable, unless the stream ends or the reader is destroyed before.
  virtual void wait_writable(std::function<void()> handler) = 0;
};

} // namespace peer::internal::connection
