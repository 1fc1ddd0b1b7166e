// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/bytes.hpp"

namespace peer {

/// Asks the system for large pages in that memory, if it is large: otherwise most of the time that a message of some
/// MiB takes is spent on the first access to each page of 4 KiB.
void prefer_large_pages(const std::byte* data, std::size_t size) noexcept;

/// Makes room for `count` more bytes. Never less than doubles what there is, so that appending takes linear time.
void make_more_room(byte_buffer& buffer, std::size_t count);

/// Makes room for `count` more bytes, if it is not there.
inline void make_room(byte_buffer& buffer, std::size_t count) {
  if (buffer.capacity() - buffer.size() < count)
    make_more_room(buffer, count);
}

} // namespace peer
