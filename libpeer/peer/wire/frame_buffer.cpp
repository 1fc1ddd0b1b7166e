// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/wire/frame_buffer.hpp"

#include "peer/base/large_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>

#include <sys/mman.h>

namespace peer::wire {

namespace {

/// The first frame gets that much, so that small ones never need more.
constexpr std::size_t least_capacity = 512;

/// From here on memory comes from the system: it grows by its page tables.
constexpr std::size_t least_mapping = std::size_t{1} << 20;

/// A buffer that has grown beyond this is given back after the frame.
constexpr std::size_t kept_capacity = std::size_t{4} << 20;

} // namespace

frame_buffer::~frame_buffer() {
  release();
}

void frame_buffer::clear() noexcept {
  size_ = 0;
  if (capacity_ > kept_capacity)
    release();
}

void frame_buffer::release() noexcept {
  if (is_mapped_)
    munmap(data_, capacity_);
  else
    std::free(data_);
  data_ = nullptr;
  capacity_ = 0;
  is_mapped_ = false;
}

void frame_buffer::grow(std::size_t least, std::size_t whole) {
  auto wanted = std::max({least, std::min(2 * least, whole), least_capacity});
  if (wanted < least_mapping) {
    auto moved = std::realloc(data_, wanted);
    if (moved == nullptr)
      throw std::bad_alloc{};
    data_ = static_cast<std::byte*>(moved);
  } else {
    auto moved = is_mapped_ ? mremap(data_, capacity_, wanted, MREMAP_MAYMOVE)
                            : mmap(nullptr, wanted, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (moved == MAP_FAILED)
      throw std::bad_alloc{};
    if (!is_mapped_) {
      std::copy_n(data_, size_, static_cast<std::byte*>(moved));
      std::free(data_);
    }
    data_ = static_cast<std::byte*>(moved);
    is_mapped_ = true;
    prefer_large_pages(data_, wanted);
  }
  capacity_ = wanted;
}

} // namespace peer::wire
