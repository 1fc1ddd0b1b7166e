// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <cstdint>
#include <string>
#include <string_view>

namespace peer::test {

/// One frame of OTP's `standard_io` connection, made without the library's framing and open to damage:
///
///     size:32 big-endian, payload, crc:32 big-endian; each byte as two, upper nibble first, each 0b11nnnn11
struct raw_frame {
  std::uint32_t size = 0; ///< what the frame says that it holds
  std::string payload;
  std::uint32_t crc = 0;

  /// A correct frame with these bytes.
  static raw_frame of_bytes(std::string payload);

  /// A correct frame with that message. Ends the program if the term cannot be encoded.
  static raw_frame of(const term& message);

  /// What goes over the wire.
  std::string bytes() const;
};

/// What a peer says when it has booted.
raw_frame started_frame();

/// The answer to a call.
raw_frame reply_frame(int seq, const term& result);

/// A command for sh that prints these bytes.
std::string shell_print(std::string_view bytes);

} // namespace peer::test
