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
/// A channel is an object of the loop's thread, not an actor: the actor that owns it writes a message with a function
/// call and gets one the same way, as OTP's control process owns its port. That saves a mailbox each way.
class channel {
public:
  /// Receives what the other side sent. A function may destroy neither the channel nor the listener.
  class listener : public wire::framing::sink {
  public:
    /// Bytes have been read and are going to be passed on. What the other side did before it sent them has happened by
    /// now: this is the moment to look at a second stream of its whose order matters.
    virtual void on_readable();

    /// Bytes have been handed to the system, or could not be: `written` and `queued` are what they are for now.
    virtual void on_written();

    /// The stream has ended, once, and after all that it held was passed on. `why` is empty if the other side closed it
    /// between two frames, else it says what is wrong (`errc::protocol_violation`, `errc::system_failure`).
    virtual void on_closed(caf::error why) = 0;
  };

  virtual ~channel();

  /// Queues a message; what is queued during one turn of the loop leaves in one system call. After `close` or
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

  /// Stops and goes on to read.
  virtual void pause(bool paused) = 0;

  /// Reads what has arrived, until there is nothing more for now. For the moment before a process's end is told.
  virtual void drain() = 0;

  /// Writes all that is queued, and waits for the other side to read at most that long. Returns whether all was
  /// written. For the last messages before a process ends; raises no SIGPIPE.
  virtual bool flush(std::chrono::milliseconds patience) = 0;

  /// Ends the outgoing stream after what is queued has been written as far as that needs no waiting; the other side
  /// sees the end of its input. Incoming messages are still passed on.
  virtual void close() = 0;

  /// Bytes that wait to be written.
  virtual std::size_t queued() const noexcept = 0;

  /// Bytes that have been handed to the system so far, from where the other side can read them.
  virtual std::uint64_t written() const noexcept = 0;

  /// Where the last message ends: when `written` has come so far, all of it can be read by the other side.
  std::uint64_t position() const noexcept { return written() + queued(); }

  /// Bytes of the other side that have been read so far.
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

/// A channel over pipes or a socket. That a socket's other side has vanished (ECONNRESET, EPIPE) is the end of the
/// stream, not an error. Writing to a pipe needs a thread that blocks SIGPIPE, as the loop's does.
class stream_channel : public channel {
public:
  /// Gives a channel that has none its descriptors: an `input` to be read and an `output` to be written, or, if
  /// `output` is empty, a socket for both. It passes on `head`, bytes that have been read before, and starts to read.
  /// At most once.
  virtual void attach(process::descriptor input, process::descriptor output, const_byte_span head) = 0;
};

using stream_channel_ptr = std::unique_ptr<stream_channel>;

/// Makes a channel whose connection does not exist yet: what is sent waits for `attach`.
/// @param events must outlive the channel.
stream_channel_ptr make_stream_channel(boost::asio::io_context& io, wire::framing_ptr framing,
                                       channel::listener& events);

/// Makes a channel of an `input` to be read and an `output` to be written, or, if `output` is empty, of a socket for
/// both. It starts to read at once. @param events must outlive the channel.
stream_channel_ptr make_stream_channel(boost::asio::io_context& io, process::descriptor input,
                                       process::descriptor output, wire::framing_ptr framing,
                                       channel::listener& events);

} // namespace peer::internal::connection
