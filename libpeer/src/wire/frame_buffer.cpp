// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "wire/frame_buffer.hpp"

#include "base/large_memory.hpp"

#include <algorithm>
#include <cstdlib>
#include <mutex>
#include <new>
#include <utility>

#include <sys/mman.h>

namespace peer::internal::wire {

namespace {

/// The initial size, enough for small frames.
constexpr std::size_t least_capacity = 512;

/// Larger buffers are mapped: they grow by remapping pages.
constexpr std::size_t least_mapping = std::size_t{1} << 20;

/// A buffer that has grown beyond this is not kept after the frame, since most frames are small.
constexpr std::size_t kept_capacity = std::size_t{64} << 10;

} // namespace

/// The memory of one finished large frame, kept for the next one of any connection. Consecutive large frames reuse it,
/// and an idle connection holds none.
class frame_buffer::spare {
public:
  static spare& of_process() {
    static auto& result = *new spare; // threads that outlive `main` may still use it
    return result;
  }

  /// Passes the memory to a buffer that has none.
  void take(frame_buffer& to) noexcept {
    auto guard = std::lock_guard{mutex_};
    kept_.swap_memory(to);
  }

  /// Keeps memory, unless a larger one is kept already.
  void keep(frame_buffer& from) noexcept {
    auto guard = std::lock_guard{mutex_};
    if (from.capacity_ <= greatest && from.capacity_ > kept_.capacity_)
      kept_.swap_memory(from);
  }

private:
  static constexpr std::size_t greatest = std::size_t{16} << 20;

  std::mutex mutex_;
  frame_buffer kept_;
};

frame_buffer::~frame_buffer() {
  release();
}

void frame_buffer::clear() noexcept {
  size_ = 0;
  if (capacity_ <= kept_capacity)
    return;
  spare::of_process().keep(*this);
  release();
}

void frame_buffer::swap_memory(frame_buffer& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(capacity_, other.capacity_);
  std::swap(is_mapped_, other.is_mapped_);
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
  if (whole > kept_capacity && capacity_ <= kept_capacity) {
    auto larger = frame_buffer{};
    spare::of_process().take(larger);
    if (larger.capacity_ >= least) {
      std::copy_n(data_, size_, larger.data_);
      swap_memory(larger);
      return;
    }
  }
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
    base::prefer_large_pages(data_, wanted);
  }
  capacity_ = wanted;
}

} // namespace peer::internal::wire
