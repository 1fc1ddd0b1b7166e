// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"
#include "wire/message.hpp"

#include <array>
#include <cstddef>
#include <string>
#include <string_view>

namespace peer::test {

/// A message for tests of channels: a cast, which names `text` and nothing else.
struct note {
  explicit note(std::string_view text) : message{"m", text, arguments} {}

  /// What a frame with it holds.
  std::string payload() const {
    auto bytes = byte_buffer{};
    peer::internal::wire::write(bytes, message);
    return std::string{peer::detail::as_text(bytes)};
  }

  std::array<std::byte, 1> arguments{std::byte{106}}; // []
  peer::internal::wire::cast message;
};

} // namespace peer::test
