// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "wire/nibbles_avx2.hpp"

#if defined(__x86_64__)

#  include <bit>
#  include <cstdint>

#  include <immintrin.h>

// Each loop processes 32 bytes at a time; the portable method processes the rest. The library is compiled for any
// x86-64, so each function is marked as needing AVX2.

#  define PEER_AVX2 __attribute__((target("avx2")))

namespace peer::internal::wire::nibbles {

namespace {

constexpr std::size_t width = sizeof(__m256i);

PEER_AVX2 __m256i load(const std::byte* from) noexcept {
  return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from));
}

PEER_AVX2 void store(std::byte* to, __m256i value) noexcept {
  _mm256_storeu_si256(reinterpret_cast<__m256i*>(to), value);
}

PEER_AVX2 __m256i all(unsigned x) noexcept {
  return _mm256_set1_epi8(static_cast<char>(x));
}

PEER_AVX2 std::uint32_t mask_of(__m256i value) noexcept {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(value));
}

/// A bit for each byte that carries a nibble.
PEER_AVX2 std::uint32_t find_nibbles(const std::byte* from) noexcept {
  return mask_of(_mm256_cmpeq_epi8(_mm256_and_si256(load(from), all(0xC3)), all(0xC3)));
}

PEER_AVX2 std::size_t count_nibbles(const_byte_span bytes) noexcept {
  std::size_t n = 0;
  for (; bytes.size() - n >= width; n += width)
    if (auto others = ~find_nibbles(bytes.data() + n); others != 0)
      return n + static_cast<std::size_t>(std::countr_zero(others));
  return n + nibbles::portable.count_nibbles(bytes.subspan(n));
}

PEER_AVX2 std::size_t count_text(const_byte_span bytes) noexcept {
  std::size_t n = 0;
  for (; bytes.size() - n >= width; n += width)
    if (auto found = find_nibbles(bytes.data() + n); found != 0)
      return n + static_cast<std::size_t>(std::countr_zero(found));
  return n + nibbles::portable.count_text(bytes.subspan(n));
}

/// The positions where a mark may begin: its first and third byte match. In UTF-8 the third only begins a character, so
/// that text in any script rarely has both.
PEER_AVX2 __m256i find_candidates(const std::byte* from) noexcept {
  constexpr auto third = std::size_t{2};
  return _mm256_and_si256(_mm256_cmpeq_epi8(load(from), all(0xE3)), _mm256_cmpeq_epi8(load(from + third), all(0xDB)));
}

PEER_AVX2 std::size_t find_mark(const_byte_span bytes) noexcept {
  constexpr auto step = 4 * width;
  std::size_t n = 0;
  for (; bytes.size() - n >= step + nibbles::tuple_mark.size(); n += step) {
    auto* from = bytes.data() + n;
    auto first = _mm256_or_si256(find_candidates(from), find_candidates(from + width));
    auto second = _mm256_or_si256(find_candidates(from + 2 * width), find_candidates(from + 3 * width));
    if (mask_of(_mm256_or_si256(first, second)) == 0)
      continue;
    auto part = bytes.subspan(n, step + nibbles::tuple_mark.size() - 1);
    if (auto found = nibbles::portable.find_mark(part); found < part.size())
      return n + found;
  }
  return n + nibbles::portable.find_mark(bytes.subspan(n));
}

PEER_AVX2 void encode(const_byte_span bytes, std::byte* out) noexcept {
  std::size_t n = 0;
  for (; bytes.size() - n >= width; n += width) {
    auto plain = load(bytes.data() + n);
    // Shifts work on pairs of bytes: bits from the other byte of a pair are masked out.
    auto upper = _mm256_or_si256(_mm256_and_si256(_mm256_srli_epi16(plain, 2), all(0x3C)), all(0xC3));
    auto lower = _mm256_or_si256(_mm256_and_si256(_mm256_slli_epi16(plain, 2), all(0x3C)), all(0xC3));
    // The instructions work within halves.
    auto even = _mm256_unpacklo_epi8(upper, lower); // quarters 0 and 2 of the code
    auto odd = _mm256_unpackhi_epi8(upper, lower);  // quarters 1 and 3
    store(out + 2 * n, _mm256_permute2x128_si256(even, odd, 0x20));
    store(out + 2 * n + width, _mm256_permute2x128_si256(even, odd, 0x31));
  }
  nibbles::portable.encode(bytes.subspan(n), out + 2 * n);
}

/// The bytes that 32 nibbles carry, as sixteen numbers of 16 bits.
PEER_AVX2 __m256i join(const std::byte* from) noexcept {
  auto code = load(from);
  auto upper = _mm256_and_si256(_mm256_slli_epi16(code, 2), _mm256_set1_epi16(0x00F0));
  auto lower = _mm256_and_si256(_mm256_srli_epi16(code, 10), _mm256_set1_epi16(0x000F));
  return _mm256_or_si256(upper, lower);
}

PEER_AVX2 void decode(const_byte_span pairs, std::byte* out) noexcept {
  std::size_t n = 0;
  for (; pairs.size() - n >= 2 * width; n += 2 * width) {
    auto packed = _mm256_packus_epi16(join(pairs.data() + n), join(pairs.data() + n + width));
    store(out + n / 2, _mm256_permute4x64_epi64(packed, 0b11'01'10'00)); // packing alternates between halves
  }
  nibbles::portable.decode(pairs.subspan(n), out + n / 2);
}

#  undef PEER_AVX2

constexpr auto avx2_method = nibbles::method{"AVX2", &count_nibbles, &count_text, &find_mark, &encode, &decode};

} // namespace

const nibbles::method* avx2() noexcept {
  return __builtin_cpu_supports("avx2") ? &avx2_method : nullptr;
}

} // namespace peer::internal::wire::nibbles

#else

const peer::wire::nibbles::method* peer::wire::nibbles::avx2() noexcept {
  return nullptr;
}

#endif
