// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "number_text.hpp"
#include "badarg.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>

namespace peer_node {

namespace {

/// A positive float as 0.DIGITS times 10^exponent.
struct decimal {
  std::string digits; // 21, as float_to_list/1 gives them
  int exponent = 0;
};

decimal to_decimal(double value) {
  auto buffer = std::array<char, 40>{};
  auto end =
      std::to_chars(buffer.data(), buffer.data() + buffer.size(), std::abs(value), std::chars_format::scientific, 20)
          .ptr;
  auto result = decimal{};
  auto* i = buffer.data();
  for (; *i != 'e'; ++i)
    if (*i != '.')
      result.digits += *i;
  i += i[1] == '+' ? 2 : 1;
  std::from_chars(i, end, result.exponent);
  ++result.exponent;
  return result;
}

struct rounded {
  std::string text; // "12.34"
  bool carry;       // whether a 1 belongs in front of it
};

/// Keeps `whole` digits before the point and `decimals` behind it.
rounded round_digits(std::string digits, std::size_t whole, std::size_t decimals) {
  auto count = whole + decimals;
  auto carry = digits.size() > count && digits[count] >= '5';
  digits.resize(count, '0');
  for (auto i = digits.rbegin(); carry && i != digits.rend(); ++i) {
    carry = *i == '9';
    *i = carry ? '0' : static_cast<char>(*i + 1);
  }
  digits.insert(whole, 1, '.');
  return {std::move(digits), carry};
}

std::string sign_of(double value) {
  return std::signbit(value) ? "-" : "";
}

char upper(char c) {
  return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c;
}

/// Divides a number (most significant byte first) and returns the remainder.
unsigned divide(std::string& bytes, unsigned divisor) {
  auto remainder = 0u;
  for (auto& byte : bytes) {
    remainder = remainder << 8 | static_cast<unsigned char>(byte);
    byte = static_cast<char>(remainder / divisor);
    remainder %= divisor;
  }
  bytes.erase(0, std::min(bytes.find_first_not_of('\0'), bytes.size()));
  return remainder;
}

std::string magnitude_digits(const peer::erl::big_integer& value, unsigned base) {
  auto bytes = std::string{value.magnitude().rbegin(), value.magnitude().rend()};
  auto result = std::string{};
  while (!bytes.empty())
    result += "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"[divide(bytes, base)];
  std::reverse(result.begin(), result.end());
  return result;
}

} // namespace

std::string scientific_text(double value, std::size_t precision) {
  if (precision < 2)
    badarg();
  auto number = to_decimal(value);
  auto mantissa = round_digits(std::move(number.digits), 1, precision - 1);
  auto exponent = number.exponent - 1;
  if (mantissa.carry) {
    mantissa.text[0] = '1';
    ++exponent;
  }
  return sign_of(value) + mantissa.text + (exponent < 0 ? "e" : "e+") + std::to_string(exponent);
}

std::string fixed_text(double value, std::size_t precision) {
  if (precision < 1)
    badarg();
  auto number = to_decimal(value);
  if (number.exponent <= 0) {
    number.digits.insert(0, static_cast<std::size_t>(1 - number.exponent), '0');
    number.exponent = 1;
  }
  auto result = round_digits(std::move(number.digits), static_cast<std::size_t>(number.exponent), precision);
  return sign_of(value) + (result.carry ? "1" : "") + result.text;
}

std::string general_text(double value, std::size_t precision) {
  if (precision < 1)
    badarg();
  auto size = std::abs(value);
  if (size >= 0.1 && size < 1e4) {
    // 1 + the number of digits before the point; 0.xxx has none that counts.
    auto taken = std::size_t{size < 1 ? 0u : size < 10 ? 1u : size < 100 ? 2u : size < 1000 ? 3u : 4u};
    if (precision > taken)
      return fixed_text(value, precision - taken);
  }
  return scientific_text(value, std::max<std::size_t>(precision, 2));
}

integer_digits digits_of(const peer::term& value, std::size_t base) {
  if (base < 2 || base > 36)
    badarg();
  auto result = integer_digits{};
  if (auto* number = value.get_if<std::int64_t>()) {
    result.negative = *number < 0;
    auto magnitude = result.negative ? -static_cast<std::uint64_t>(*number) : static_cast<std::uint64_t>(*number);
    auto buffer = std::array<char, 64>{};
    auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), magnitude, static_cast<int>(base)).ptr;
    std::transform(buffer.data(), end, std::back_inserter(result.digits), upper);
  } else if (auto* big = value.get_if<peer::erl::big_integer>()) {
    result.negative = big->negative();
    result.digits = magnitude_digits(*big, static_cast<unsigned>(base));
  } else {
    badarg();
  }
  return result;
}

} // namespace peer_node
