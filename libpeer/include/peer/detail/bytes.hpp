// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace peer {

/// Owned bytes: an encoded term, a frame, queued output.
using byte_buffer = std::vector<std::byte>;

/// A view of bytes owned elsewhere. Valid for the duration of the call that receives it, unless stated otherwise.
using const_byte_span = std::span<const std::byte>;

namespace detail {

/// Views the characters of `text` as bytes.
inline const_byte_span as_byte_span(std::string_view text) noexcept {
  return {reinterpret_cast<const std::byte*>(text.data()), text.size()};
}

/// Views `bytes` as characters.
inline std::string_view as_text(const_byte_span bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Appends `bytes` to `buffer`.
void append(byte_buffer& buffer, const_byte_span bytes);

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

} // namespace detail

} // namespace peer
