// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstdint>

namespace bench {

/// Calls of `operator new` in this program so far. For programs with one thread.
std::uint64_t allocations() noexcept;

} // namespace bench
