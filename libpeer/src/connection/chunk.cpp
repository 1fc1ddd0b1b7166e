// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "connection/chunk.hpp"

#include <array>
#include <atomic>

namespace peer::internal::connection {

namespace {

/// One to read into, and one for a handler that writes or lets another reader catch up meanwhile.
constexpr std::size_t max_spare = 2;

constinit std::array<std::atomic<std::byte*>, max_spare> spare{};

} // namespace

chunk::chunk() {
  for (auto& place : spare) {
    bytes_.reset(place.exchange(nullptr));
    if (bytes_)
      return;
  }
  bytes_ = std::make_unique_for_overwrite<std::byte[]>(size);
}

chunk::~chunk() {
  for (auto& place : spare) {
    std::byte* nothing = nullptr;
    if (place.compare_exchange_strong(nothing, bytes_.get())) {
      static_cast<void>(bytes_.release());
      return;
    }
  }
}

} // namespace peer::internal::connection
