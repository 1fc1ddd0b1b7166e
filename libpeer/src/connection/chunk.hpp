// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <memory>

namespace peer::internal::connection {

/// Memory for the bytes of one system call, which may be too large for the stack of a thread of the host program. The
/// process keeps as many as a loop needs at a time, whichever thread runs it. Any thread may make one.
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
