// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.base.large_memory

#include "base/large_memory.hpp"
#include "peer/detail/defaults.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

using peer::byte_buffer;

namespace {

constexpr auto mebibyte = std::size_t{1} << 20;

/// Takes out what other tests have left, of at least a size.
std::vector<byte_buffer> empty_the_store(std::size_t least) {
  auto result = std::vector<byte_buffer>{};
  for (auto n = peer::defaults::kept_memory / least; n > 0; --n)
    result.push_back(peer::internal::base::make_buffer(least));
  return result;
}

} // namespace

CAF_TEST(the memory of a large buffer is used again) {
  auto others = empty_the_store(mebibyte);
  auto buffer = peer::internal::base::make_buffer(mebibyte);
  auto where = buffer.data();
  buffer.resize(10);
  peer::detail::keep_memory(std::move(buffer));
  auto next = peer::internal::base::make_buffer(mebibyte);
  CAF_CHECK_EQUAL(next.data(), where);
  CAF_CHECK(next.empty());
}

CAF_TEST(memory is not given to two) {
  auto others = empty_the_store(mebibyte);
  peer::detail::keep_memory(peer::internal::base::make_buffer(mebibyte));
  auto x = peer::internal::base::make_buffer(mebibyte);
  auto y = peer::internal::base::make_buffer(mebibyte);
  CAF_CHECK(x.data() != y.data());
}

CAF_TEST(a small buffer does not get the memory of a large one) {
  constexpr auto small = std::size_t{64} << 10;
  auto others = empty_the_store(small);
  peer::detail::keep_memory(peer::internal::base::make_buffer(12 * mebibyte));
  CAF_CHECK(peer::internal::base::make_buffer(small).capacity() <= 2 * small);
  peer::detail::keep_memory(peer::internal::base::make_buffer(2 * small));
  CAF_CHECK_EQUAL(peer::internal::base::make_buffer(small).capacity(), 2 * small);
}

CAF_TEST(a buffer that grows keeps its content) {
  auto buffer = byte_buffer(100'000, std::byte{7});
  peer::detail::make_room(buffer, mebibyte);
  CAF_CHECK(buffer.capacity() >= 100'000 + mebibyte);
  CAF_CHECK_EQUAL(buffer, byte_buffer(100'000, std::byte{7}));
}

CAF_TEST(a copy has the same bytes) {
  auto bytes = byte_buffer(2 * mebibyte, std::byte{3});
  CAF_CHECK_EQUAL(peer::internal::base::copy_of(bytes), bytes);
}

CAF_TEST(no more than the limit is kept) {
  auto many = std::vector<byte_buffer>{};
  for (auto size = std::size_t{0}; size < 2 * peer::defaults::kept_memory; size += 4 * mebibyte) {
    many.push_back(byte_buffer{});
    many.back().reserve(4 * mebibyte);
  }
  auto where = std::vector<std::byte*>{};
  for (auto& each : many)
    where.push_back(each.data());
  for (auto& each : many)
    peer::detail::keep_memory(std::move(each));
  auto kept = std::size_t{0};
  for (auto& each : empty_the_store(4 * mebibyte))
    kept += std::count(where.begin(), where.end(), each.data());
  CAF_CHECK(kept * 4 * mebibyte <= peer::defaults::kept_memory);
}

CAF_TEST(threads may use it at once) {
  auto threads = std::vector<std::thread>{};
  auto wrong = std::atomic<int>{0};
  for (auto i = 0; i < 4; ++i)
    threads.emplace_back([&wrong, mark = static_cast<std::byte>(i)] {
      for (auto n = 0; n < 200; ++n) {
        auto mine = peer::internal::base::copy_of(byte_buffer(100'000, mark));
        wrong += std::count(mine.begin(), mine.end(), mark) != 100'000;
        peer::detail::keep_memory(std::move(mine));
      }
    });
  for (auto& each : threads)
    each.join();
  CAF_CHECK_EQUAL(wrong, 0);
}
