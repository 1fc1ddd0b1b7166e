// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Every method that this machine can run against the code's definition, byte by byte.

#define CAF_SUITE peer.wire.nibbles

#include "wire/nibbles.hpp"

#include "caf/all.hpp"
#include "caf/test/bdd_dsl.hpp"

#include <algorithm>
#include <random>

using peer::byte_buffer;
using peer::const_byte_span;
using peer::detail::as_text;

namespace nibbles = peer::internal::wire::nibbles;

namespace {

constexpr auto longest = std::size_t{300};

/// More than any method's block.
constexpr auto alignments = std::size_t{64};

/// As much room behind a result as a method could overwrite by mistake.
constexpr auto margin = std::size_t{64};

constexpr auto untouched = std::byte{0x5A};

// -- the definition ---

byte_buffer code_of(const_byte_span bytes) {
  auto result = byte_buffer{};
  for (auto x : bytes)
    for (auto value : {x >> 4, x & std::byte{0x0F}})
      result.push_back(std::byte{0xC3} | value << 2);
  return result;
}

std::size_t count(const_byte_span bytes, bool are_nibbles) {
  auto other = [&](std::byte x) { return ((x & std::byte{0xC3}) == std::byte{0xC3}) != are_nibbles; };
  return static_cast<std::size_t>(std::find_if(bytes.begin(), bytes.end(), other) - bytes.begin());
}

// -- input ---

byte_buffer random_bytes(std::size_t size) {
  static auto random = std::mt19937{4711};
  auto result = byte_buffer(size);
  for (auto& x : result)
    x = static_cast<std::byte>(random());
  return result;
}

/// Bytes at an address that is `alignment` bytes beyond a multiple of `alignments`.
class placed {
public:
  placed(const_byte_span bytes, std::size_t alignment) : size_(bytes.size()), memory_(2 * alignments + bytes.size()) {
    auto address = reinterpret_cast<std::uintptr_t>(memory_.data());
    begin_ = memory_.data() + (alignments - address % alignments) + alignment;
    std::copy(bytes.begin(), bytes.end(), begin_);
  }

  std::byte* begin() { return begin_; }

  operator const_byte_span() const { return {begin_, size_}; }

private:
  std::size_t size_;
  byte_buffer memory_;
  std::byte* begin_;
};

/// Calls `f(method, size, alignment)` for everything that may make a difference.
template <class Function>
void for_all(Function f) {
  for (auto& method : peer::internal::wire::nibbles::methods())
    for (std::size_t size = 0; size <= longest; ++size)
      for (std::size_t alignment = 0; alignment < alignments; alignment += size % 8 == 0 ? 1 : 7)
        f(method, size, alignment);
}

std::string name_of(const peer::internal::wire::nibbles::method& method, std::size_t size, std::size_t alignment) {
  return std::string{method.name} + ", " + std::to_string(size) + " bytes at " + std::to_string(alignment) + ": ";
}

} // namespace

CAF_TEST(the portable method is there and the fastest is the first) {
  CHECK_EQ(peer::internal::wire::nibbles::methods().back().name, "portable");
  CHECK_EQ(peer::internal::wire::nibbles::best().name, peer::internal::wire::nibbles::methods().front().name);
#if defined(__x86_64__)
  CHECK_EQ(peer::internal::wire::nibbles::methods().size(), __builtin_cpu_supports("avx2") ? 2u : 1u);
#endif
}

CAF_TEST(each method encodes all lengths at all alignments and nothing else) {
  for_all([](auto& method, std::size_t size, std::size_t alignment) {
    auto plain = random_bytes(size);
    auto expected = code_of(plain);
    expected.resize(2 * size + margin, untouched);
    auto out = placed{byte_buffer(2 * size + margin, untouched), alignment};
    method.encode(placed{plain, alignment}, out.begin());
    if (!std::ranges::equal(const_byte_span{out}, expected))
      CAF_FAIL(name_of(method, size, alignment) + "a wrong code");
  });
}

CAF_TEST(each method decodes all lengths at all alignments and nothing else) {
  for_all([](auto& method, std::size_t size, std::size_t alignment) {
    auto expected = random_bytes(size);
    auto code = code_of(expected);
    expected.resize(size + margin, untouched);
    auto out = placed{byte_buffer(size + margin, untouched), alignment};
    method.decode(placed{code, alignment}, out.begin());
    if (!std::ranges::equal(const_byte_span{out}, expected))
      CAF_FAIL(name_of(method, size, alignment) + "wrong bytes");
  });
}

CAF_TEST(each method finds any other byte at any place among nibbles) {
  auto nibble_code = code_of(random_bytes(longest));
  for (auto& method : peer::internal::wire::nibbles::methods())
    for (std::size_t size = 0; size <= longest; ++size) {
      auto bytes = byte_buffer(nibble_code.begin(), nibble_code.begin() + static_cast<std::ptrdiff_t>(size));
      CAF_REQUIRE_EQUAL(method.count_nibbles(bytes), size);
      for (std::size_t at = 0; at < size; ++at) {
        auto before = std::exchange(bytes[at], static_cast<std::byte>((size * 31 + at) & 0x7F));
        auto input = placed{bytes, at % alignments};
        CAF_REQUIRE_EQUAL(method.count_nibbles(input), at);
        bytes[at] = before;
      }
    }
}

CAF_TEST(each method finds any nibble at any place in text) {
  auto text = random_bytes(longest);
  for (auto& x : text)
    x &= std::byte{0xBD}; // none of these has all the bits of the marker
  for (auto& method : peer::internal::wire::nibbles::methods())
    for (std::size_t size = 0; size <= longest; ++size) {
      auto bytes = byte_buffer(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
      CAF_REQUIRE_EQUAL(method.count_text(bytes), size);
      for (std::size_t at = 0; at < size; ++at) {
        auto before = std::exchange(bytes[at], std::byte{0xC3} | std::byte(at % 16) << 2);
        auto input = placed{bytes, at % alignments};
        CAF_REQUIRE_EQUAL(method.count_text(input), at);
        bytes[at] = before;
      }
    }
}

CAF_TEST(each method tells nibbles from each of the 256 bytes) {
  for (auto& method : peer::internal::wire::nibbles::methods())
    for (unsigned value = 0; value < 256; ++value) {
      auto bytes = byte_buffer(longest, static_cast<std::byte>(value));
      CAF_REQUIRE_EQUAL(method.count_nibbles(bytes), count(bytes, true));
      CAF_REQUIRE_EQUAL(method.count_text(bytes), count(bytes, false));
    }
}

CAF_TEST(each method finds the beginning of a message at any place) {
  auto mark = peer::detail::as_byte_span(peer::internal::wire::nibbles::tuple_mark);
  // Much of the input looks like the mark for a byte or two.
  auto text = random_bytes(longest);
  for (std::size_t i = 0; i < text.size(); ++i)
    text[i] = i % 5 == 4 ? std::byte{'x'} : mark[std::to_integer<std::size_t>(text[i]) % mark.size()];
  for (auto& method : peer::internal::wire::nibbles::methods())
    for (std::size_t size = 0; size <= longest; ++size) {
      auto bytes = byte_buffer(text.begin(), text.begin() + static_cast<std::ptrdiff_t>(size));
      CAF_REQUIRE_EQUAL(method.find_mark(bytes),
                        std::min(peer::detail::as_text(bytes).find(peer::internal::wire::nibbles::tuple_mark), size));
      for (std::size_t at = 0; at + mark.size() <= size; ++at) {
        auto marked = bytes;
        std::copy(mark.begin(), mark.end(), marked.begin() + static_cast<std::ptrdiff_t>(at));
        auto input = placed{marked, at % alignments};
        CAF_REQUIRE_EQUAL(method.find_mark(input),
                          peer::detail::as_text(marked).find(peer::internal::wire::nibbles::tuple_mark));
      }
    }
}
