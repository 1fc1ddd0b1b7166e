// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"

#include "caf/fwd.hpp"

#include <cstdint>
#include <memory>

namespace peer::internal::wire {

/// Separates messages in a stream of bytes: bytes in, frames out, no I/O and no clock. One object serves both
/// directions of one connection and belongs to one thread.
class framing {
public:
  /// Receives frames and text. The spans are valid during the call, which must not call the framing.
  class sink {
  public:
    virtual ~sink();

    /// The payload of a complete frame.
    virtual void on_frame(const_byte_span payload) = 0;

    /// Bytes outside of frames: output of the other side's program.
    virtual void on_text(const_byte_span text) = 0;
  };

  virtual ~framing();

  // -- outgoing ---

  /// Starts a frame at the end of `out`; the caller appends its payload and calls `end_frame` with what this returned.
  virtual std::size_t begin_frame(byte_buffer& out) = 0;

  /// Turns the bytes appended since `begin_frame` into a frame; `token` is what that returned. Fails with
  /// `errc::protocol_violation`, and removes them, if they are more than a frame may hold.
  virtual caf::error end_frame(byte_buffer& out, std::size_t token) = 0;

  /// Bytes of the stream per byte of a frame. If it is 1, frames are sent as they are; otherwise they must be encoded
  /// with `encode` when they are written, so that queued frames need no memory for their code.
  virtual std::size_t code_width() const noexcept = 0;

  /// Encodes `bytes`, any part of frames, to `out`: `code_width()` times as many bytes, which must not overlap.
  virtual void encode(const_byte_span bytes, std::byte* out) const noexcept = 0;

  // -- incoming ---

  /// Consumes the next bytes of the stream and passes on what they complete. After an error
  /// (`errc::protocol_violation`) the framing must no longer be used.
  virtual caf::error consume(const_byte_span bytes, sink& out) = 0;

  /// Ends the stream: passes on text held back, and fails if the stream ended inside of a frame. In `resync` mode that
  /// incomplete frame is then read as text, and frames in it are found.
  virtual caf::error finish(sink& out) = 0;

  // -- introspection ---

  /// Damaged frames skipped so far (`resync` mode of the standard I/O framing only). One of them may have been the
  /// answer to an outstanding call.
  virtual std::size_t lost_frames() const noexcept = 0;
};

using framing_ptr = std::unique_ptr<framing>;

/// The default limit of a frame's payload.
inline constexpr std::uint32_t default_max_frame = std::uint32_t{256} << 20;

/// Nibbles in a row that show that a frame over the limit has begun.
inline constexpr std::size_t default_proof = 4096;

/// How the standard I/O framing treats bytes that look like the beginning of a frame and are not.
enum class damage : std::uint8_t {
  /// Ends the connection with an error. For libpeer nodes, which never write such bytes.
  reject,
  /// Treats them as text and looks for the next frame: `erl` may print any byte.
  resync,
};

/// OTP's `standard_io` framing: nibbles in the bytes `0b11nnnn11`, text in between. See stdio_framing.cpp.
/// @param proof with `resync`: so many nibbles in a row behind what begins like a frame over the limit are one
framing_ptr make_stdio_framing(damage policy, std::uint32_t max_frame = default_max_frame,
                               std::size_t proof = default_proof);

/// OTP's `tcp` framing: a length of four bytes, big-endian, then the payload (`{packet, 4}`).
framing_ptr make_packet_framing(std::uint32_t max_frame = default_max_frame);

} // namespace peer::internal::wire
