// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"

#include "caf/fwd.hpp"

#include <cstdint>
#include <memory>

namespace peer::internal::wire {

/// How messages are told apart in a stream of bytes: bytes in, frames out, no I/O and no clock. One object serves both
/// directions of one connection and belongs to one thread.
class framing {
public:
  /// Receives what a framing found. The spans are valid during the call, which must not call the framing.
  class sink {
  public:
    virtual ~sink();

    /// One whole frame's payload.
    virtual void on_frame(const_byte_span payload) = 0;

    /// Bytes that belong to no frame: what the other side's program printed.
    virtual void on_text(const_byte_span text) = 0;
  };

  virtual ~framing();

  // -- outgoing ---

  /// Starts a frame at the end of `out`; the caller appends its payload and calls `end_frame` with what this returned.
  virtual std::size_t begin_frame(byte_buffer& out) = 0;

  /// Turns the bytes appended since `begin_frame` into a frame; `token` is what that returned. Fails with
  /// `errc::protocol_violation`, and removes them, if they are more than a frame may hold.
  virtual caf::error end_frame(byte_buffer& out, std::size_t token) = 0;

  /// The bytes of the stream that each byte of a frame becomes: 1 if frames are sent as they are, else they have to
  /// pass through `encode` on their way, so that their code needs no memory while they wait.
  virtual std::size_t code_width() const noexcept = 0;

  /// Writes the code of `bytes`, any part of frames, to `out`: `code_width()` times as many, which must not overlap.
  virtual void encode(const_byte_span bytes, std::byte* out) const noexcept = 0;

  // -- incoming ---

  /// Takes the next bytes of the stream, as many as there are, and passes on what they complete. After an error
  /// (`errc::protocol_violation`) the framing must not be used any more.
  virtual caf::error consume(const_byte_span bytes, sink& out) = 0;

  /// Notes the end of the stream: passes on text that waited for more, and fails if the stream ended inside of a frame.
  /// In `resync` mode what came of that frame is text first, and frames in it are found.
  virtual caf::error finish(sink& out) = 0;

  // -- introspection ---

  /// Frames that were damaged and skipped so far (`resync` mode of the standard I/O framing only). The answer to an
  /// outstanding call may have been among them.
  virtual std::size_t lost_frames() const noexcept = 0;
};

using framing_ptr = std::unique_ptr<framing>;

/// Greatest payload of a frame unless the caller says otherwise.
inline constexpr std::uint32_t default_max_frame = std::uint32_t{256} << 20;

/// What the standard I/O framing does with bytes that are no frame although they look like the beginning of one.
enum class damage : std::uint8_t {
  /// Ends the connection with an error: between libpeer nodes such bytes can only be an error.
  reject,
  /// Treats them as text and looks for the next frame: `erl` may print any byte.
  resync,
};

/// OTP's `standard_io` framing: nibbles in the bytes `0b11nnnn11`, text in between. See stdio_framing.cpp.
framing_ptr make_stdio_framing(damage policy, std::uint32_t max_frame = default_max_frame);

/// OTP's `tcp` framing: a length of four bytes, big-endian, then the payload (`{packet, 4}`).
framing_ptr make_packet_framing(std::uint32_t max_frame = default_max_frame);

} // namespace peer::internal::wire
