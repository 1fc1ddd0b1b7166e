// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "allocations.hpp"

#include <cstdlib>
#include <new>

namespace {

std::uint64_t count = 0;

} // namespace

std::uint64_t bench::allocations() noexcept {
  return count;
}

void* operator new(std::size_t size) {
  ++count;
  if (auto result = std::malloc(size))
    return result;
  throw std::bad_alloc{};
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}
