// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "tests/support/hex.hpp"

#include <cstdio>
#include <cstdlib>

namespace peer::test {

namespace {

constexpr std::string_view digits = "0123456789ABCDEF";

unsigned value_of(char digit) {
  auto upper = digit >= 'a' && digit <= 'f' ? static_cast<char>(digit - 'a' + 'A') : digit;
  if (auto value = digits.find(upper); value != digits.npos)
    return static_cast<unsigned>(value);
  std::fprintf(stderr, "from_hex: '%c' is no hexadecimal digit\n", digit);
  std::abort();
}

} // namespace

byte_buffer from_hex(std::string_view text) {
  byte_buffer result;
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ') {
      ++i;
      continue;
    }
    auto low = i + 1 < text.size() ? text[i + 1] : ' ';
    result.push_back(static_cast<std::byte>(value_of(text[i]) << 4 | value_of(low)));
    i += 2;
  }
  return result;
}

std::string to_hex(const_byte_span bytes) {
  std::string result;
  for (auto x : bytes) {
    result += digits[std::to_integer<unsigned>(x) >> 4];
    result += digits[std::to_integer<unsigned>(x) & 0x0F];
  }
  return result;
}

} // namespace peer::test
