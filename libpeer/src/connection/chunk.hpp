// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <memory>

namespace peer::internal::connection {

/// Memory for the bytes of one system call, too large for the stack of a thread that the host has made. The process
/// keeps what a loop needs at a time, whichever of its threads runs it. Any thread may make one.
class chunk {
public:
  static constexpr std::size_t size = std::size_t{128} << 10;

  chunk();

  chunk(const chunk&) = delete;
  chunk& operator=(const chunk&) = delete;

  ~chunk();

  std::byte* data() noexcept { return bytes_.get(); }

private:
  std::unique_ptr<std::byte[]> bytes_;
};

} // namespace peer::internal::connection
