// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "wire/nibbles.hpp"

#include "wire/nibbles_avx2.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <vector>

// The portable method. Its loops over blocks have a fixed length and local arrays: compilers turn them into vector
// instructions of the architecture's baseline (SSE2, NEON).

namespace peer::internal::wire::nibbles {

namespace {

// -- eight bytes at a time ---

constexpr std::size_t word_size = sizeof(std::uint64_t);

/// Loads eight bytes. A byte of the result is zero where the input carries a nibble.
std::uint64_t load_missing_marks(const std::byte* from) noexcept {
  std::uint64_t word;
  std::memcpy(&word, from, word_size);
  return ~word & 0xC3C3'C3C3'C3C3'C3C3;
}

constexpr bool has_zero_byte(std::uint64_t word) noexcept {
  return ((word - 0x0101'0101'0101'0101) & ~word & 0x8080'8080'8080'8080) != 0;
}

// -- blocks ---

/// Bytes of payload per block.
constexpr std::size_t block_size = 64;

/// The code of one byte, as it lies in memory.
using pair = std::uint16_t;

constexpr pair encode_one(unsigned x) noexcept {
  if constexpr (std::endian::native == std::endian::little)
    return static_cast<pair>(0xC3C3 | (x & 0xF0) >> 2 | (x & 0x0F) << 10);
  else
    return static_cast<pair>(0xC3C3 | (x & 0xF0) << 6 | (x & 0x0F) << 2);
}

constexpr std::uint8_t decode_one(unsigned x) noexcept {
  if constexpr (std::endian::native == std::endian::little)
    return static_cast<std::uint8_t>((x & 0x003C) << 2 | (x >> 10 & 0x0F));
  else
    return static_cast<std::uint8_t>((x >> 6 & 0xF0) | (x >> 2 & 0x0F));
}

static_assert(std::bit_cast<std::array<std::uint8_t, 2>>(encode_one(0x0F)) == std::array<std::uint8_t, 2>{0xC3, 0xFF});
static_assert(decode_one(encode_one(0x5A)) == 0x5A);

/// Encodes one block.
void encode_block(const std::byte* from, std::byte* to) noexcept {
  std::array<std::uint8_t, block_size> plain;
  std::array<pair, block_size> code;
  std::memcpy(plain.data(), from, sizeof(plain));
  for (std::size_t i = 0; i < block_size; ++i)
    code[i] = encode_one(plain[i]);
  std::memcpy(to, code.data(), sizeof(code));
}

/// Decodes to one block.
void decode_block(const std::byte* from, std::byte* to) noexcept {
  std::array<pair, block_size> code;
  std::array<std::uint8_t, block_size> plain;
  std::memcpy(code.data(), from, sizeof(code));
  for (std::size_t i = 0; i < block_size; ++i)
    plain[i] = decode_one(code[i]);
  std::memcpy(to, plain.data(), sizeof(plain));
}

// -- the method ---

std::size_t count_nibbles(const_byte_span bytes) noexcept {
  std::size_t n = 0;
  while (bytes.size() - n >= word_size && load_missing_marks(bytes.data() + n) == 0)
    n += word_size;
  while (n < bytes.size() && nibbles::is_nibble(bytes[n]))
    ++n;
  return n;
}

std::size_t count_text(const_byte_span bytes) noexcept {
  std::size_t n = 0;
  while (bytes.size() - n >= word_size && !has_zero_byte(load_missing_marks(bytes.data() + n)))
    n += word_size;
  while (n < bytes.size() && !nibbles::is_nibble(bytes[n]))
    ++n;
  return n;
}

std::size_t find_mark(const_byte_span bytes) noexcept {
  return std::min(detail::as_text(bytes).find(nibbles::tuple_mark), bytes.size());
}

void encode(const_byte_span bytes, std::byte* out) noexcept {
  while (bytes.size() >= block_size) {
    encode_block(bytes.data(), out);
    bytes = bytes.subspan(block_size);
    out += 2 * block_size;
  }
  for (auto x : bytes) {
    auto code = encode_one(std::to_integer<unsigned>(x));
    std::memcpy(out, &code, sizeof(code));
    out += sizeof(code);
  }
}

void decode(const_byte_span pairs, std::byte* out) noexcept {
  while (pairs.size() >= 2 * block_size) {
    decode_block(pairs.data(), out);
    pairs = pairs.subspan(2 * block_size);
    out += block_size;
  }
  for (; !pairs.empty(); pairs = pairs.subspan(sizeof(pair))) {
    pair code;
    std::memcpy(&code, pairs.data(), sizeof(code));
    *out++ = std::byte{decode_one(code)};
  }
}

} // namespace

constinit const nibbles::method portable = {"portable", &count_nibbles, &count_text, &find_mark, &encode, &decode};

std::span<const nibbles::method> methods() {
  // Never destroyed: threads may use it while the program exits.
  static const auto& list = *new std::vector<method>{nibbles::avx2() ? std::vector{*nibbles::avx2(), nibbles::portable}
                                                                     : std::vector{nibbles::portable}};
  return list;
}

} // namespace peer::internal::wire::nibbles
