// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"

namespace peer::internal::wire {

/// Collects a frame that arrives in pieces. The memory grows with the bytes received, to at most twice their number and
/// not beyond the announced size, which cannot be trusted. Growing copies no large memory.
class frame_buffer {
public:
  frame_buffer() noexcept = default;

  frame_buffer(const frame_buffer&) = delete;
  frame_buffer& operator=(const frame_buffer&) = delete;

  ~frame_buffer();

  std::size_t size() const noexcept { return size_; }

  bool empty() const noexcept { return size_ == 0; }

  const std::byte* data() const noexcept { return data_; }

  operator const_byte_span() const noexcept { return {data_, size_}; }

  /// Adds `count` bytes, which the caller must write, and returns their address.
  /// @param whole the size that the frame is expected to have in the end
  std::byte* extend(std::size_t count, std::size_t whole) {
    if (count > capacity_ - size_)
      grow(size_ + count, whole);
    auto result = data_ + size_;
    size_ += count;
    return result;
  }

  /// Clears the frame. The memory of a large one is passed on to the next large frame of any connection.
  void clear() noexcept;

private:
  class spare;

  void swap_memory(frame_buffer& other) noexcept;
  void grow(std::size_t least, std::size_t whole);
  void release() noexcept;

  std::byte* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
  bool is_mapped_ = false; ///< otherwise the memory is from `malloc`
};

} // namespace peer::internal::wire
