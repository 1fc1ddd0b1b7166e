// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The text of long integers, beside what Boost.Multiprecision makes of them digit by digit.

#define CAF_SUITE peer.term.big_integer

#include "peer/term.hpp"
#include "tests/support/random_term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <boost/multiprecision/cpp_int.hpp>

#include <cstddef>
#include <iterator>
#include <random>
#include <string>
#include <string_view>

#include <time.h>

using boost::multiprecision::cpp_int;
using peer::erl::big_integer;

namespace {

std::string magnitude_of(const cpp_int& value) {
  auto result = std::string{};
  export_bits(value, std::back_inserter(result), 8, false);
  return result;
}

std::string random_magnitude(std::mt19937_64& engine, std::size_t size) {
  auto result = std::string(size, '\0');
  for (auto& byte : result)
    byte = static_cast<char>(engine());
  result.back() = '\1';
  return result;
}

cpp_int value_of(std::string_view magnitude) {
  auto result = cpp_int{};
  auto first = reinterpret_cast<const unsigned char*>(magnitude.data());
  import_bits(result, first, first + magnitude.size(), 8, false);
  return result;
}

/// Whether the number is printed as Boost does, and read again.
bool same_text(const cpp_int& value) {
  auto number = big_integer{value != 0 && value % 2 == 0, magnitude_of(value)};
  auto digits = value.str();
  return number.to_string() == (number.negative() ? "-" : "") + digits
      && big_integer::parse(number.negative(), digits, 10) == number;
}

/// The time that this thread spends in `f`, which other programs do not lengthen.
template <class Function>
double seconds_of(Function f) {
  auto now = [] {
    auto result = timespec{};
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &result);
    return static_cast<double>(result.tv_sec) + 1e-9 * static_cast<double>(result.tv_nsec);
  };
  auto start = now();
  f();
  return now() - start;
}

} // namespace

CAF_TEST(long integers have the digits that Boost gives them) {
  auto seed = peer::test::random_seed();
  auto engine = std::mt19937_64{seed};
  for (auto i = 0; i < 200; ++i)
    if (!same_text(value_of(random_magnitude(engine, 1 + engine() % (i < 150 ? 1000 : 8000)))))
      CAF_FAIL("seed " << seed << ", number " << i);
}

CAF_TEST(integers beside powers have the digits that Boost gives them) {
  for (auto digits : {19u, 511u, 512u, 513u, 1023u, 1024u, 1025u, 2048u, 4096u, 8192u})
    for (auto base : {2u, 10u})
      for (auto near : {-1, 0, 1})
        CAF_CHECK(same_text(cpp_int{pow(cpp_int{base}, digits) + near}));
}

CAF_TEST(long integers are read in every base) {
  auto engine = std::mt19937_64{peer::test::random_seed()};
  for (auto base = 2; base <= 36; ++base) {
    auto digits = std::string{"1"};
    auto expected = cpp_int{1};
    for (auto i = 0; i < 3000; ++i) {
      auto digit = static_cast<unsigned>(engine() % static_cast<unsigned>(base));
      digits += "0123456789abcdefghijklmnopqrstuvwxyz"[digit];
      expected = expected * base + digit;
    }
    auto number = big_integer::parse(false, digits, base);
    CAF_REQUIRE(number);
    CAF_CHECK(number->magnitude() == magnitude_of(expected));
    digits[1500] = '!';
    CAF_CHECK(!big_integer::parse(false, digits, base));
  }
}

CAF_TEST(the time for long integers does not grow with the square of their length) {
  // Boost needs about 25 times as long to print as many digits; from here on the distance grows.
  auto engine = std::mt19937_64{peer::test::random_seed()};
  auto number = big_integer{false, random_magnitude(engine, 150'000)};
  auto value = value_of(number.magnitude());
  auto digits = std::string{};
  auto expected = std::string{};
  auto printing = seconds_of([&] { digits = number.to_string(); });
  auto reading = seconds_of([&] { CAF_CHECK(big_integer::parse(false, digits, 10) == number); });
  auto by_square = seconds_of([&] { expected = value.str(); });
  CAF_CHECK(digits == expected);
  CAF_CHECK_LESS(3 * printing, by_square);
  CAF_CHECK_LESS(3 * reading, by_square);
}
