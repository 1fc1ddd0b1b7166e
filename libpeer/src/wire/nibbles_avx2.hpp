// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "wire/nibbles.hpp"

namespace peer::internal::wire::nibbles {

/// The method for x86 with AVX2. Null if the machine does not have it.
const nibbles::method* avx2() noexcept;

} // namespace peer::internal::wire::nibbles
