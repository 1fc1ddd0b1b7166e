// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>

namespace peer {

/// What a decoder accepts. A term that exceeds one of these is an error, found before memory is allocated for it.
struct term_limits {
  /// Levels of nesting. Bounds the stack that decoding, comparing, printing and destroying a term need.
  std::size_t max_depth = 512;

  /// Bytes that a compressed term may inflate to.
  std::size_t max_inflated = std::size_t{256} << 20;
};

} // namespace peer
