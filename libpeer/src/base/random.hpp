// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <span>

namespace peer::internal::base {

/// Fills `bytes`, 256 at most, with random bytes that nobody can guess (getrandom(2)). On failure returns false and
/// sets `errno`. Any thread may call this.
[[nodiscard]] bool fill_randomly(std::span<std::byte> bytes) noexcept;

} // namespace peer::internal::base
