// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/random.hpp"

#include <cerrno>

#include <sys/random.h>

namespace peer::internal::base {

bool fill_randomly(std::span<std::byte> bytes) noexcept {
  // Not interrupted for so few bytes, unless the entropy pool is not initialized yet (getrandom(2)).
  ssize_t got;
  do
    got = getrandom(bytes.data(), bytes.size(), 0);
  while (got < 0 && errno == EINTR);
  return got == static_cast<ssize_t>(bytes.size());
}

} // namespace peer::internal::base
