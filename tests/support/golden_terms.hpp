// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"
#include "peer/term.hpp"

#include <string>
#include <vector>

namespace peer::test {

/// A term in the external format as a real runtime made or read it.
struct golden_term {
  std::string name;
  byte_buffer bytes;
  term value;

  /// Whether these bytes are what we encode, too. Otherwise it is an older or longer form of the same term.
  bool canonical;

  /// Whether OTP 25 reads these bytes and makes the same term of what we encode.
  bool otp = true;
};

/// One for each tag, and for each side of each size where the encoding changes.
std::vector<golden_term> golden_terms();

} // namespace peer::test
