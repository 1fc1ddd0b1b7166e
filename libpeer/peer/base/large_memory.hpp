// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/bytes.hpp"

namespace peer {

/// Asks the system for large pages in that memory, if it is large: otherwise most of the time that a message of some
/// MiB takes is spent on the first access to each page of 4 KiB.
void prefer_large_pages(const std::byte* data, std::size_t size) noexcept;

/// An empty buffer with room for `size` bytes. If that is large, in the memory of an earlier message if there is some:
/// the first access to new memory costs more than what is done with it. May be called by any thread.
byte_buffer make_buffer(std::size_t size);

/// A copy of `bytes`, in such memory.
byte_buffer copy_of(const_byte_span bytes);

/// Keeps the memory of a large buffer that is not needed any more for `make_buffer`. All that is kept in a process is
/// at most `defaults::kept_memory`; more is freed. May be called by any thread.
void keep_memory(byte_buffer&& buffer) noexcept;

/// Makes room for `count` more bytes. Never less than doubles what there is, so that appending takes linear time.
void make_more_room(byte_buffer& buffer, std::size_t count);

/// Makes room for `count` more bytes, if it is not there.
inline void make_room(byte_buffer& buffer, std::size_t count) {
  if (buffer.capacity() - buffer.size() < count)
    make_more_room(buffer, count);
}

} // namespace peer
