// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"

namespace peer::internal::base {

/// Asks the system for large pages in that memory, if it is large: otherwise most of the time that a message of some
/// MiB takes is spent on the first access to each page of 4 KiB.
void prefer_large_pages(const std::byte* data, std::size_t size) noexcept;

/// An empty buffer with room for `size` bytes. If that is large, in the memory of an earlier message if there is some:
/// the first access to new memory costs more than what is done with it. May be called by any thread.
byte_buffer make_buffer(std::size_t size);

/// A copy of `bytes`, in such memory.
byte_buffer copy_of(const_byte_span bytes);

} // namespace peer::internal::base
