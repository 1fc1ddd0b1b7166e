// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <boost/multiprecision/cpp_int.hpp>

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// @file
/// The digits of long integers. A number is split into an upper and a lower half of digits, and these again, down to
/// `leaf_digits`. Then nearly all of the time is that of multiplications of long numbers, for which Boost uses
/// Karatsuba's algorithm: n^1.6 for n digits, where digit by digit takes n^2. To divide, which Boost can do in n^2
/// only, is to multiply by an inverse.

namespace peer::internal::value {

using boost::multiprecision::cpp_int;

/// Below this number of digits the simple way is faster.
inline constexpr std::size_t leaf_digits = 512;

inline std::size_t bits_of(const cpp_int& x) {
  return x == 0 ? 0 : msb(x) + 1;
}

/// Returns 2^(2 * bits) / x, or at most 2 less. @pre 2^(bits - 1) <= x <= 2^bits
inline cpp_int inverse_of(const cpp_int& x, std::size_t bits) {
  constexpr std::size_t simple_bits = 1024;
  constexpr std::size_t spare_bits = 8;
  if (bits <= simple_bits)
    return (cpp_int{1} << 2 * bits) / x;
  // The upper half of `x`, rounded up, gives the upper half of the result, rounded down. One step of Newton's method
  // doubles the correct bits, and rounds down, too.
  auto half = bits / 2 + spare_bits;
  auto dropped = bits - half;
  auto top = inverse_of(cpp_int{(x - 1) >> dropped} + 1, half);
  auto missing = cpp_int{(cpp_int{1} << (2 * bits - dropped)) - x * top};
  return (top << dropped) + (top * missing >> 2 * half);
}

/// A power of ten, prepared for divisions of numbers of up to twice as many digits (Barrett).
class divisor {
public:
  explicit divisor(cpp_int value)
      : value_(std::move(value)), bits_(bits_of(value_)), inverse_(inverse_of(value_, bits_)) {}

  /// Replaces `x` by the remainder and returns the quotient. @pre `x` is less than the square of the power
  cpp_int divide(cpp_int& x) const {
    auto result = cpp_int{cpp_int{x >> (bits_ - 1)} * inverse_ >> (bits_ + 1)}; // at most 4 too small
    x -= result * value_;
    for (; x >= value_; x -= value_)
      ++result;
    return result;
  }

private:
  cpp_int value_;
  std::size_t bits_;
  cpp_int inverse_;
};

/// Prints numbers of up to as many digits as that for which it was made.
class decimal_printer {
public:
  decimal_printer(std::string& out, const cpp_int& longest) : out_(out) {
    auto power = cpp_int{pow(cpp_int{10}, leaf_digits)};
    if (longest < power)
      return;
    powers_.emplace_back(power);
    for (; 2 * (bits_of(power) - 1) < bits_of(longest); powers_.emplace_back(power))
      power *= power;
  }

  void print(cpp_int value) { print(std::move(value), powers_.size(), false); }

private:
  /// @param level  how many of the powers are used
  /// @param padded whether zeros fill up what `value` has too few digits for that level
  void print(cpp_int value, std::size_t level, bool padded) {
    if (level == 0) {
      auto digits = value.str();
      if (padded)
        out_.append(leaf_digits - digits.size(), '0');
      out_ += digits;
      return;
    }
    auto upper = powers_[--level].divide(value);
    if (padded || upper != 0) {
      print(std::move(upper), level, padded);
      padded = true;
    }
    print(std::move(value), level, padded);
  }

  std::string& out_;
  std::vector<divisor> powers_; // 10^leaf_digits, and of each one the square
};

/// The value of a digit in the bases up to 36, or 36 for any other character.
inline unsigned digit_value(char c) {
  if (c >= '0' && c <= '9')
    return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'z')
    return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'Z')
    return static_cast<unsigned>(c - 'A') + 10;
  return 36;
}

/// Reads digits, all of which are valid.
class digit_reader {
public:
  /// @param count how many digits are going to be read at most
  digit_reader(unsigned base, std::size_t count) : base_(base) {
    for (auto size = leaf_digits; size < count; size *= 2)
      powers_.emplace_back(powers_.empty() ? cpp_int{pow(cpp_int{base}, leaf_digits)}
                                           : cpp_int{powers_.back() * powers_.back()});
  }

  cpp_int read(std::string_view digits) const { return read(digits, powers_.size()); }

private:
  cpp_int read(std::string_view digits, std::size_t level) const {
    if (level == 0)
      return read_leaf(digits);
    auto lower_digits = leaf_digits << --level;
    if (digits.size() <= lower_digits)
      return read(digits, level);
    auto upper_digits = digits.size() - lower_digits;
    return read(digits.substr(0, upper_digits), level) * powers_[level] + read(digits.substr(upper_digits), level);
  }

  /// Reads as many digits at once as fit into a machine word: one pass over the number for each such chunk.
  cpp_int read_leaf(std::string_view digits) const {
    auto result = cpp_int{};
    auto chunk = std::uint64_t{0};
    auto scale = std::uint64_t{1};
    for (auto c : digits) {
      chunk = chunk * base_ + digit_value(c);
      scale *= base_;
      if (scale > UINT32_MAX) {
        result = result * scale + chunk;
        chunk = 0;
        scale = 1;
      }
    }
    return result * scale + chunk;
  }

  unsigned base_;
  std::vector<cpp_int> powers_; // base^leaf_digits, and of each one the square
};

} // namespace peer::internal::value
