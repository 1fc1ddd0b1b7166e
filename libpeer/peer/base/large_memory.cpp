// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/base/large_memory.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

#include <sys/mman.h>
#include <unistd.h>

namespace peer {

namespace {

/// From here on large pages are worth the memory that the last of them may waste.
constexpr std::size_t least_size = std::size_t{4} << 20;

} // namespace

void prefer_large_pages(const std::byte* data, std::size_t size) noexcept {
  if (size < least_size)
    return;
  // Whole pages only, and from the beginning of the first: advice for a part of a mapping splits it, and a mapping in
  // parts cannot be moved.
  static const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
  auto address = reinterpret_cast<std::uintptr_t>(data);
  auto begin = address / page * page;
  auto end = (address + size + page - 1) / page * page;
  // A system that has none says so; that changes nothing.
  static_cast<void>(madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE));
}

void make_more_room(byte_buffer& buffer, std::size_t count) {
  auto larger = byte_buffer{};
  larger.reserve(std::max(buffer.size() + count, 2 * buffer.capacity()));
  prefer_large_pages(larger.data(), larger.capacity()); // before it is accessed
  append(larger, buffer);
  buffer = std::move(larger);
}

} // namespace peer
