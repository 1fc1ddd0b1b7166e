// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/config.hpp"

#include <cstddef>
#include <string_view>

#if CAF_MAJOR_VERSION < 1
#  include "caf/byte.hpp"
#  include "caf/string_view.hpp"
#endif

/// @file
/// CAF's vocabulary types, which differ between the versions that libpeer supports. This header and
/// `base/caf_compat.hpp` of the sources are the only files that may ask for CAF's version.

namespace peer::detail {

#if CAF_MAJOR_VERSION < 1
using caf_string_view = caf::string_view;
using caf_byte = caf::byte;
#else
using caf_string_view = std::string_view;
using caf_byte = std::byte;
#endif

/// CAF's view of a name as the standard's.
inline std::string_view to_std(caf_string_view text) noexcept {
  return {text.data(), text.size()};
}

} // namespace peer::detail
