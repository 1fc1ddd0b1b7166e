// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.term.value

#include "peer/term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <cmath>
#include <limits>

using peer::atom;
using peer::term;
using peer::erl::big_integer;
using peer::erl::list;
using peer::erl::map;
using peer::erl::tuple;

namespace {

peer::erl::big_integer big(const char* digits, int base = 10) {
  auto negative = *digits == '-';
  return *peer::erl::big_integer::parse(negative, digits + (negative ? 1 : 0), base);
}

} // namespace

CAF_TEST(integers in the range of int64 are never big) {
  CAF_CHECK(term{big("9223372036854775807")}.is<std::int64_t>());
  CAF_CHECK(term{big("-9223372036854775808")}.is<std::int64_t>());
  CAF_CHECK(term{big("9223372036854775808")}.is<peer::erl::big_integer>());
  CAF_CHECK(term{big("-9223372036854775809")}.is<peer::erl::big_integer>());
  CAF_CHECK(term{UINT64_MAX}.is<peer::erl::big_integer>());
  CAF_CHECK(term{std::uint64_t{INT64_MAX}}.is<std::int64_t>());
  CAF_CHECK_EQUAL(*term{big("-9223372036854775808")}.get_if<std::int64_t>(), INT64_MIN);
  CAF_CHECK(term{UINT64_MAX} == term{big("18446744073709551615")});
}

CAF_TEST(big integers drop leading zeros and the sign of zero) {
  CAF_CHECK(peer::erl::big_integer(true, std::string("\0\0", 2)) == peer::erl::big_integer(false, ""));
  CAF_CHECK_EQUAL(peer::erl::big_integer(false, std::string("\1\0\2\0\0", 5)).magnitude(), std::string("\1\0\2", 3));
  CAF_CHECK_EQUAL(peer::erl::big_integer(true, "").to_string(), "0");
}

CAF_TEST(big integers are read and written in every base) {
  CAF_CHECK_EQUAL(big("-340282366920938463463374607431768211456").to_string(),
                  "-340282366920938463463374607431768211456");
  CAF_CHECK_EQUAL(big("100000000000000000", 16).to_string(), "295147905179352825856");
  CAF_CHECK_EQUAL(big("Zz", 36).to_string(), "1295");
  CAF_CHECK_EQUAL(big(("1" + std::string(64, '0')).c_str(), 2).to_string(), "18446744073709551616");
  CAF_CHECK(!peer::erl::big_integer::parse(false, "", 10));
  CAF_CHECK(!peer::erl::big_integer::parse(false, "12", 2));
  CAF_CHECK(!peer::erl::big_integer::parse(false, "1 ", 10));
  CAF_CHECK(!peer::erl::big_integer::parse(false, "1", 37));
}

CAF_TEST(big integers convert to machine integers where those can hold them) {
  CAF_CHECK_EQUAL(big("18446744073709551615").to_uint64(), std::optional{UINT64_MAX});
  CAF_CHECK(!big("18446744073709551616").to_uint64());
  CAF_CHECK(!big("-1").to_uint64());
  CAF_CHECK_EQUAL(big("-9223372036854775808").to_int64(), std::optional{INT64_MIN});
  CAF_CHECK(!big("-9223372036854775809").to_int64());
  CAF_CHECK(!big("9223372036854775808").to_int64());
}

CAF_TEST(big integers convert to the nearest double) {
  CAF_CHECK_EQUAL(big("9223372036854775808").to_double(), 0x1p63);
  // Half way between two doubles: to the even one. A bit more, however far down, decides otherwise.
  CAF_CHECK_EQUAL(big("100000000000008000000000", 16).to_double(), 0x1p92);
  CAF_CHECK_EQUAL(big("100000000000008000000001", 16).to_double(), 0x1.0000000000001p92);
  CAF_CHECK_EQUAL(big("-100000000000018000000000", 16).to_double(), -0x1.0000000000002p92);
  auto digits = "FFFFFFFFFFFFF8" + std::string(242, '0');
  CAF_CHECK_EQUAL(big(digits.c_str(), 16).to_double(), std::numeric_limits<double>::max());
  CAF_CHECK(std::isinf(big(("1" + std::string(256, '0')).c_str(), 16).to_double()));
  CAF_CHECK(std::isinf(peer::erl::big_integer(true, std::string(100'000, '\xFF')).to_double()));
}

CAF_TEST(lists continue the list that is their tail) {
  auto inner = peer::erl::list::cons({2, 3}, 4);
  auto outer = peer::erl::list::cons({1}, inner);
  auto* value = outer.get_if<peer::erl::list>();
  CAF_REQUIRE(value);
  CAF_CHECK_EQUAL(value->size(), 3u);
  CAF_CHECK(!value->proper());
  CAF_CHECK(*value->tail() == term{4});
  CAF_CHECK_EQUAL(std::distance(value->begin(), value->end()), 3);
  CAF_CHECK(peer::erl::list::cons({1, 2}, peer::erl::list{}) == (term{peer::erl::list{1, 2}}));
  CAF_CHECK(peer::erl::list::cons({}, 7) == term{7});
  CAF_CHECK(term{}.is_nil());
}

CAF_TEST(lists that were moved from are empty) {
  auto source = peer::erl::list::cons({1}, 2);
  auto value = *source.get_if<peer::erl::list>();
  auto taken = std::move(value);
  CAF_CHECK(!taken.proper());
  CAF_CHECK(value.empty()); // NOLINT: a promise of the class
  CAF_CHECK(value.proper());
}

CAF_TEST(containers can be assigned one of their own elements) {
  auto x = peer::erl::list{peer::erl::list{1, 2}, 3};
  x = *x[0].get_if<peer::erl::list>();
  CAF_CHECK(x == (peer::erl::list{1, 2}));
  auto y = peer::erl::tuple{peer::erl::tuple{1}, 2};
  y = *y[0].get_if<peer::erl::tuple>();
  CAF_CHECK(y == (peer::erl::tuple{1}));
  auto z = peer::erl::map{{1, peer::erl::map{{2, 3}}}};
  z = *z.find(1)->get_if<peer::erl::map>();
  CAF_CHECK(z == (peer::erl::map{{2, 3}}));
}

CAF_TEST(maps keep the last of equal keys and tell integers from floats) {
  auto value = peer::erl::map{{1.0, atom{"real"}}, {1, atom{"first"}}, {1, atom{"second"}}};
  CAF_CHECK_EQUAL(value.size(), 2u);
  CAF_CHECK(value.find(1)->is_atom("second"));
  CAF_CHECK(value.find(1.0)->is_atom("real"));
  CAF_CHECK(value.find(2) == nullptr);
  CAF_CHECK(value.begin()->first == term{1});
}

CAF_TEST(maps of unique keys refuse equal ones) {
  CAF_CHECK(!peer::erl::map::unique({{1, 2}, {3, 4}, {1, 5}}));
  CAF_CHECK(!peer::erl::map::unique({{0.0, 2}, {-0.0, 4}}));
  auto value = peer::erl::map::unique({{3, 4}, {1, 2}});
  CAF_REQUIRE(value);
  CAF_CHECK(*value == (peer::erl::map{{1, 2}, {3, 4}}));
}

CAF_TEST(terms are made of C++ values) {
  CAF_CHECK(term{true}.is_atom("true"));
  CAF_CHECK_EQUAL(term{"abc"}.as_binary(), std::optional<std::string_view>{"abc"});
  CAF_CHECK((!term{peer::erl::bitstring{"\xA0", 5}}.is_binary()));
  CAF_CHECK(!term{1}.as_binary());
  CAF_CHECK(term{std::uint8_t{200}}.is<std::int64_t>());
  CAF_CHECK(term{1.5f} == term{1.5});
  // Would a character be an integer or a text? Nobody knows; above all it is no float.
  static_assert(!std::is_convertible_v<char, term>);
}

CAF_TEST(tagged tuples match by tag and arity) {
  auto message = term{peer::tagged("reply", 1, "two")};
  CAF_CHECK(peer::match_tagged(message, "reply", 3));
  CAF_CHECK(!peer::match_tagged(message, "reply", 2));
  CAF_CHECK(!peer::match_tagged(message, "call", 3));
  CAF_CHECK(!peer::match_tagged(peer::erl::tuple{}, "reply", 0));
  CAF_CHECK(!peer::match_tagged(atom{"reply"}, "reply", 1));
}
