// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>

namespace peer::detail {

/// What a decoder accepts. A term that exceeds one of these is an error, found before memory is allocated for it.
struct term_limits {
  /// Levels of nesting of a C++ type that is converted, whose `inspect` recurses. Bounds the stack that this needs.
  /// Terms have no such limit.
  std::size_t max_depth = 512;

  /// Bytes that a compressed term may inflate to. An element of a list takes one byte there and about 50 as a `term`,
  /// so this bounds what a few hundred bytes can make a decoder allocate. OTP does not compress what it sends to peers.
  std::size_t max_inflated = std::size_t{16} << 20;
};

} // namespace peer::detail
