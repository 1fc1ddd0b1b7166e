// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>

namespace peer::test {

/// Sees how much memory this program takes at most from now on. One at a time: it begins the kernel's record anew.
class peak_memory {
public:
  peak_memory();

  /// By how many bytes the greatest resident size so far exceeds that at the beginning.
  std::size_t growth() const;

private:
  std::size_t before_;
};

/// Freed memory that stays with AddressSanitizer for a while, and has to be allowed for.
#ifdef __SANITIZE_ADDRESS__
inline constexpr auto kept_by_sanitizer = std::size_t{448} << 20;
#else
inline constexpr auto kept_by_sanitizer = std::size_t{0};
#endif

} // namespace peer::test
