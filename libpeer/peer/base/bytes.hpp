// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

namespace peer {

/// Bytes that somebody owns: an encoded term, a frame, queued output.
using byte_buffer = std::vector<std::byte>;

/// Bytes that somebody else owns. Valid for the duration of the call that receives it, unless said otherwise.
using const_byte_span = std::span<const std::byte>;

/// Views the characters of `text` as bytes.
inline const_byte_span as_byte_span(std::string_view text) noexcept {
  return std::as_bytes(std::span{text.data(), text.size()});
}

/// Views `bytes` as characters.
inline std::string_view as_text(const_byte_span bytes) noexcept {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// Appends `bytes` to `buffer`.
inline void append(byte_buffer& buffer, const_byte_span bytes) {
  buffer.insert(buffer.end(), bytes.begin(), bytes.end());
}

} // namespace peer
