// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/error.hpp"
#include "caf/message.hpp"

#include <string>

namespace peer::test {

/// The sentence that an error of libpeer carries; empty if it carries none.
inline std::string error_text(const caf::error& what) {
  return what.context().match_elements<std::string>() ? what.context().get_as<std::string>(0) : std::string{};
}

} // namespace peer::test
