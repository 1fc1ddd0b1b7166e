// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/error.hpp"

#include <string>

namespace peer::test {

/// The sentence that an error of libpeer carries; empty if it carries none.
inline std::string error_text(const caf::error& what) {
  return text_of(what);
}

} // namespace peer::test
