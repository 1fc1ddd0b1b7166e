// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "term/text/bit_builder.hpp"

#include <algorithm>

namespace peer::internal::text {

namespace {

unsigned byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<unsigned char>(bytes[index]);
}

// The low `size` bytes of an integer, least significant first.
std::string twos_complement(const term& value, std::size_t size) {
  if (auto* small = value.get_if<std::int64_t>()) {
    auto result = std::string(size, *small < 0 ? '\xFF' : '\0');
    for (std::size_t i = 0; i < std::min<std::size_t>(size, 8); ++i)
      result[i] = static_cast<char>(*small >> (8 * i) & 0xFF);
    return result;
  }
  auto* big = value.get_if<erl::big_integer>();
  auto result = std::string{big->magnitude(), 0, size};
  result.resize(size, '\0');
  if (big->negative()) {
    auto carry = 1u;
    for (auto& byte : result) {
      carry += static_cast<unsigned char>(~byte);
      byte = static_cast<char>(carry & 0xFF);
      carry >>= 8;
    }
  }
  return result;
}

} // namespace

void bit_builder::append(unsigned byte, unsigned bits) {
  byte &= 0xFFu >> (8 - bits);
  auto room = unsigned{result_.unused_bits};
  if (room >= bits) {
    result_.bytes.back() = static_cast<char>(byte_at(result_.bytes, result_.bytes.size() - 1) | byte << (room - bits));
    result_.unused_bits = static_cast<std::uint8_t>(room - bits);
    return;
  }
  auto left = bits - room;
  if (room > 0)
    result_.bytes.back() = static_cast<char>(byte_at(result_.bytes, result_.bytes.size() - 1) | byte >> left);
  result_.bytes += static_cast<char>(byte << (8 - left) & 0xFF);
  result_.unused_bits = static_cast<std::uint8_t>(8 - left);
}

void bit_builder::append_integer(const term& value, std::size_t bits, bool little_endian) {
  auto bytes = twos_complement(value, (bits + 7) / 8);
  auto whole = bits / 8;
  auto rest = static_cast<unsigned>(bits % 8);
  if (little_endian) {
    append_bytes({bytes.data(), whole});
    if (rest > 0)
      append(byte_at(bytes, whole), rest);
  } else {
    if (rest > 0)
      append(byte_at(bytes, whole), rest);
    bytes.resize(whole);
    std::reverse(bytes.begin(), bytes.end());
    append_bytes(bytes);
  }
}

void bit_builder::append_bits(const erl::bitstring& value, std::size_t bits) {
  append_bytes({value.bytes.data(), bits / 8});
  if (auto rest = static_cast<unsigned>(bits % 8); rest > 0)
    append(byte_at(value.bytes, bits / 8) >> (8 - rest), rest);
}

void bit_builder::append_bytes(std::string_view bytes) {
  if (result_.unused_bits == 0) {
    result_.bytes += bytes;
    return;
  }
  for (std::size_t i = 0; i < bytes.size(); ++i)
    append(byte_at(bytes, i), 8);
}

} // namespace peer::internal::text
