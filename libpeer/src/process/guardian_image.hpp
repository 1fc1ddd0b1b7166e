// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <string_view>

namespace peer::internal::process {

/// The guardian's program, an executable file.
std::string_view guardian_image();

} // namespace peer::internal::process
