// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"
#include "process/descriptor.hpp"
#include "wire/framing.hpp"
#include "wire/message.hpp"

#include "caf/error.hpp"

#include <chrono>
#include <memory>

namespace boost::asio {
class io_context;
} // namespace boost::asio

namespace peer::internal::connection {

/// One end of the byte stream between an origin and its peer: messages out, messages and console text in.
///
/// A channel belongs to the loop's thread and is not an actor: its owner sends and receives messages by function calls,
/// as OTP's control process does with its port. That saves a mailbox in each direction.
class channel {
public:
  /// Receives what the other side sent. Its functions must destroy neither the channel nor the listener.
  class listener : public wire::framing::sink {
  public:
    /// Bytes have been read and will be passed on next. What the other side wrote to another stream before can be read
    /// by now: read it here if the order of the two matters.
    virtual void on_readable();

    /// A write has succeeded or failed: `written` and `queued` are up to date.
    virtual void on_written();

    /// The stream has ended. Called once, after all of its content was passed on. `why` is empty if the other side
    /// closed it between two frames, otherwise the error (`errc::protocol_violation`, `errc::system_failure`).
    virtual void on_closed(caf::error why) = 0;
  };

  virtual ~channel();

  /// Queues a message. Messages queued in one turn of the loop are written by one system call. After `close` or
  /// `on_closed` it is dropped. Fails (`errc::protocol_violation`) if it is larger than a frame may be.
  template <class Message>
  caf::error send(const Message& message) {
    if (!writable())
      return {};
    auto& out = output();
    auto token = framing().begin_frame(out);
    wire::write(out, message);
    auto failed = framing().end_frame(out, token);
    if (!failed)
      flush_later();
    return failed;
  }

  /// Pauses and resumes reading.
  virtual void pause(bool paused) = 0;

  /// Reads all that has arrived. Called just before the end of a process is reported.
  virtual void drain() = 0;

  /// Writes all that is queued; blocks at most that long for the other side to read. Returns whether all was written.
  /// For the last messages before a process ends. Raises no SIGPIPE.
  virtual bool flush(std::chrono::milliseconds patience) = 0;

  /// Writes what is queued as far as possible without waiting, then ends the outgoing stream: the other side reads end
  /// of file. Incoming messages are still passed on.
  virtual void close() = 0;

  /// Bytes queued and not yet written.
  virtual std::size_t queued() const noexcept = 0;

  /// Bytes written so far. The other side can read them.
  virtual std::uint64_t written() const noexcept = 0;

  /// The value of `written` at which the other side can read all of the last message.
  std::uint64_t position() const noexcept { return written() + queued(); }

  /// Bytes read so far.
  virtual std::uint64_t received() const noexcept = 0;

  /// Frames from the other side that were damaged and skipped so far. The answer to a call may have been among them.
  virtual std::size_t lost_frames() const noexcept = 0;

protected:
  virtual bool writable() const noexcept = 0;
  virtual byte_buffer& output() = 0;
  virtual wire::framing& framing() = 0;
  virtual void flush_later() = 0;
};

using channel_ptr = std::unique_ptr<channel>;

/// A channel over pipes or a socket. A socket whose other side has vanished (ECONNRESET, EPIPE) is at its end; that is
/// not an error. A thread that writes to a pipe must block SIGPIPE, as the loop's does.
class stream_channel : public channel {
public:
  /// Connects the channel to an `input` to be read and an `output` to be written, or, if `output` is empty, to a socket
  /// for both. Passes on `head`, bytes that have been read before, and starts reading. Call it at most once, on a
  /// channel made without descriptors.
  virtual void attach(process::descriptor input, process::descriptor output, const_byte_span head) = 0;
};

using stream_channel_ptr = std::unique_ptr<stream_channel>;

/// Makes a channel without a connection: what is sent stays queued until `attach`.
/// @param events must outlive the channel.
stream_channel_ptr make_stream_channel(boost::asio::io_context& io, wire::framing_ptr framing,
                                       channel::listener& events);

/// Makes a channel of an `input` to be read and an `output` to be written, or, if `output` is empty, of a socket for
/// both. It starts reading at once. @param events must outlive the channel.
stream_channel_ptr make_stream_channel(boost::asio::io_context& io, process::descriptor input,
                                       process::descriptor output, wire::framing_ptr framing,
                                       channel::listener& events);

} // namespace peer::internal::connection
