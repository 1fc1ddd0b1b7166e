// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/large_memory.hpp"

#include "peer/detail/defaults.hpp"

#include <algorithm>
#include <cstdint>
#include <mutex>
#include <utility>
#include <vector>

#include <sys/mman.h>
#include <unistd.h>

namespace peer {

namespace {

/// From here on large pages are worth the memory that the last of them may waste.
constexpr std::size_t least_size = std::size_t{4} << 20;

/// Memory of less than that is not worth to be kept, and more than that is rarely needed again.
constexpr std::size_t least_kept = std::size_t{64} << 10;
constexpr std::size_t greatest_kept = std::size_t{16} << 20;

/// Buffers that are not needed at present.
class spare_memory {
public:
  static spare_memory& of_process() {
    static auto& result = *new spare_memory; // threads that outlive `main` may still use it
    return result;
  }

  /// Returns the smallest buffer with so much room, and at most twice as much: what is kept for long must not hold much
  /// more memory than it needs. Else returns an empty one.
  byte_buffer take(std::size_t size) {
    auto guard = std::lock_guard{mutex_};
    auto best = buffers_.end();
    for (auto i = buffers_.begin(); i != buffers_.end(); ++i)
      if (i->capacity() >= size && i->capacity() / 2 <= size
          && (best == buffers_.end() || i->capacity() < best->capacity()))
        best = i;
    if (best == buffers_.end())
      return {};
    std::swap(*best, buffers_.back());
    auto result = std::move(buffers_.back());
    buffers_.pop_back();
    bytes_ -= result.capacity();
    return result;
  }

  void keep(byte_buffer& buffer) noexcept {
    auto guard = std::lock_guard{mutex_};
    if (buffers_.size() == buffers_.capacity() || bytes_ + buffer.capacity() > defaults::kept_memory)
      return;
    buffer.clear();
    bytes_ += buffer.capacity();
    buffers_.push_back(std::move(buffer));
  }

private:
  spare_memory() { buffers_.reserve(defaults::kept_memory / least_kept); }

  std::mutex mutex_;
  std::vector<byte_buffer> buffers_;
  std::size_t bytes_ = 0;
};

} // namespace

void internal::base::prefer_large_pages(const std::byte* data, std::size_t size) noexcept {
  if (size < least_size)
    return;
  // Whole pages only, and from the beginning of the first: advice for a part of a mapping splits it, and a mapping in
  // parts cannot be moved.
  static const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  auto address = reinterpret_cast<std::uintptr_t>(data);
  auto begin = address / page * page;
  auto end = (address + size + page - 1) / page * page;
  // Fails on a system that does not support it, without effect.
  static_cast<void>(madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE));
}

byte_buffer internal::base::make_buffer(std::size_t size) {
  auto result = size < least_kept ? byte_buffer{} : spare_memory::of_process().take(size);
  if (result.capacity() < size) {
    result.reserve(size);
    internal::base::prefer_large_pages(result.data(), result.capacity()); // before it is accessed
  }
  return result;
}

byte_buffer internal::base::copy_of(const_byte_span bytes) {
  auto result = internal::base::make_buffer(bytes.size());
  detail::append(result, bytes);
  return result;
}

void detail::append(byte_buffer& buffer, const_byte_span bytes) {
  buffer.insert(buffer.end(), bytes.data(), bytes.data() + bytes.size());
}

void detail::keep_memory(byte_buffer&& buffer) noexcept {
  auto unneeded = std::move(buffer);
  if (unneeded.capacity() >= least_kept && unneeded.capacity() <= greatest_kept)
    spare_memory::of_process().keep(unneeded);
}

void detail::make_more_room(byte_buffer& buffer, std::size_t count) {
  auto larger = internal::base::make_buffer(std::max(buffer.size() + count, 2 * buffer.capacity()));
  detail::append(larger, buffer);
  detail::keep_memory(std::exchange(buffer, std::move(larger)));
}

} // namespace peer
