// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.term.order

#include "peer/term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <limits>
#include <vector>

using peer::atom;
using peer::compare;
using peer::term;
using peer::erl::bitstring;
using peer::erl::list;
using peer::erl::map;
using peer::erl::tuple;

namespace {

term big(std::string_view digits, bool negative = false) {
  return *peer::erl::big_integer::parse(negative, digits, 10);
}

/// Checks that each term comes before all that follow it, in both directions.
template <class Compare>
void check_ascending(const std::vector<term>& terms, Compare order) {
  for (std::size_t i = 0; i < terms.size(); ++i)
    for (std::size_t j = 0; j < terms.size(); ++j)
      if (auto result = order(terms[i], terms[j]);
          (result < 0) != (i < j) || (result > 0) != (i > j) || (result == 0) != (i == j))
        CAF_ERROR(to_string(terms[i]) << " and " << to_string(terms[j]));
  CAF_CHECK(terms.size() > 1);
}

constexpr auto by_value = [](const term& x, const term& y) { return compare(x, y); };
constexpr auto by_key = [](const term& x, const term& y) { return x <=> y; };

const auto node = atom{"a@b"};

} // namespace

CAF_TEST(kinds of terms are ordered as the reference manual says) {
  auto terms = std::vector<term>{big("18446744073709551616"),
                                 atom{"a"},
                                 peer::erl::reference{node, 1, {1, 2, 3}},
                                 peer::erl::opaque{"p"},
                                 peer::erl::export_fun{atom{"m"}, atom{"f"}, 1},
                                 peer::erl::port{node, 1, 1},
                                 peer::pid{node, 1, 0, 1},
                                 peer::erl::tuple{1, 2},
                                 peer::erl::map{{1, 2}},
                                 peer::erl::list{},
                                 peer::erl::list{1},
                                 "binary"};
  check_ascending(terms, by_value);
  check_ascending(terms, by_key);
}

CAF_TEST(integers and floats compare by their exact values) {
  check_ascending({big("340282366920938463463374607431768211456", true),
                   -1e20,
                   big("18446744073709551616", true),
                   -9223372036854777856.0,
                   INT64_MIN,
                   INT64_MIN + 1,
                   -9223372036854774784.0,
                   -1.5,
                   -1,
                   -0.5,
                   0,
                   std::numeric_limits<double>::denorm_min(),
                   1,
                   1.5,
                   2,
                   9007199254740992,
                   9007199254740993,
                   9007199254740994.0,
                   9223372036854774784.0,
                   INT64_MAX,
                   9223372036854775808.0,
                   big("9223372036854775809"),
                   big("18446744073709551615"),
                   18446744073709551616.0,
                   big("18446744073709551617"),
                   big("99999999999999991611391"),
                   1e23,
                   big("99999999999999991611393"),
                   std::numeric_limits<double>::max()},
                  by_value);
  CAF_CHECK(compare(1, 1.0) == 0);
  CAF_CHECK(compare(INT64_MIN, -9223372036854775808.0) == 0);
  CAF_CHECK(compare(big("18446744073709551616"), 18446744073709551616.0) == 0);
  CAF_CHECK(compare(big("99999999999999991611392"), 1e23) == 0);
  CAF_CHECK(compare(big("1" + std::string(309, '0')), std::numeric_limits<double>::max()) > 0);
}

CAF_TEST(keys put all integers before all floats) {
  check_ascending({-1, 2, big("18446744073709551616"), -5.0, 1.0, 1e300, atom{"a"}}, by_key);
  check_ascending({peer::erl::tuple{7}, peer::erl::tuple{1.0}}, by_key);
  check_ascending({peer::erl::tuple{1.0}, peer::erl::tuple{7}}, by_value);
  CAF_CHECK(term{1} != term{1.0});
  CAF_CHECK((peer::erl::tuple{1} != peer::erl::tuple{1.0}));
  CAF_CHECK(term{0.0} == term{-0.0});
}

CAF_TEST(atoms are ordered by code points) {
  check_ascending(
      {atom{""}, atom{"Z"}, atom{"a"}, atom{"aa"}, atom{"\xC3\xA9"}, atom{"\xEF\xBF\xBD"}, atom{"\xF0\x90\x80\x80"}},
      by_value);
}

CAF_TEST(tuples and maps are ordered by size first) {
  check_ascending({peer::erl::tuple{}, peer::erl::tuple{9}, peer::erl::tuple{1, 1}, peer::erl::tuple{1, 2}}, by_value);
  check_ascending({peer::erl::map{}, peer::erl::map{{9, 9}}, peer::erl::map{{1, 1}, {2, 2}}}, by_value);
}

CAF_TEST(maps are ordered by their keys and then by their values) {
  check_ascending({peer::erl::map{{1, 9}, {2, 0}}, peer::erl::map{{1, 0}, {3, 0}}, peer::erl::map{{1, 0}, {3, 1}},
                   peer::erl::map{{2, 0}, {3, 0}}},
                  by_value);
  // The integer key comes first although it is larger; values are compared as outside.
  check_ascending({peer::erl::map{{2, 0}}, peer::erl::map{{1.0, 0}}}, by_value);
  CAF_CHECK(compare(peer::erl::map{{1, 1}}, peer::erl::map{{1, 1.0}}) == 0);
  CAF_CHECK((term{peer::erl::map{{1, 1}}} <=> term{peer::erl::map{{1, 1.0}}}) < 0);
  CAF_CHECK(compare(peer::erl::map{{1, 1}}, peer::erl::map{{1.0, 1}}) < 0);
}

CAF_TEST(lists are ordered element by element and then by their tails) {
  check_ascending({peer::erl::list::cons({1}, 2), peer::erl::list::cons({1}, atom{"a"}), peer::erl::list{1},
                   peer::erl::list{1, 2}, peer::erl::list{1, 2, 3}, peer::erl::list::cons({1}, "x"),
                   peer::erl::list{2}},
                  by_value);
  CAF_CHECK(peer::erl::list::cons({1}, 2) == peer::erl::list::cons({1}, 2));
  CAF_CHECK(peer::erl::list::cons({1}, 2) != (term{peer::erl::list{1, 2}}));
}

CAF_TEST(bit strings are ordered bit by bit) {
  check_ascending({peer::erl::bitstring{}, peer::erl::bitstring{std::string(1, '\0'), 7},
                   peer::erl::bitstring{std::string(1, '\0'), 5}, "\x01", peer::erl::bitstring{"\x80", 7},
                   peer::erl::bitstring{"\x80", 6}, "\x80", peer::erl::bitstring{"\xA0", 5}, "\xFF", "\xFF\x01"},
                  by_value);
}

CAF_TEST(pids are ordered by serial and id before node) {
  check_ascending({peer::pid{atom{"b"}, 1, 0, 9}, peer::pid{atom{"a"}, 2, 0, 9}, peer::pid{atom{"a"}, 1, 1, 1},
                   peer::pid{atom{"a"}, 1, 1, 2}, peer::pid{atom{"b"}, 1, 1, 1}},
                  by_value);
}

CAF_TEST(ports are ordered by node before id) {
  check_ascending({peer::erl::port{atom{"a"}, 2, 1}, peer::erl::port{atom{"a"}, UINT64_MAX, 1},
                   peer::erl::port{atom{"a"}, 1, 2}, peer::erl::port{atom{"b"}, 1, 1}},
                  by_value);
}

CAF_TEST(references are ordered by node and then by the last number first) {
  check_ascending({peer::erl::reference{atom{"a"}, 1, {2, 1}}, peer::erl::reference{atom{"a"}, 1, {1, 2}},
                   peer::erl::reference{atom{"a"}, 1, {1, 0xFFFFFFFF}}, peer::erl::reference{atom{"a"}, 1, {0, 0, 1}},
                   peer::erl::reference{atom{"a"}, 2, {1}}, peer::erl::reference{atom{"b"}, 1, {1}}},
                  by_value);
  auto x = peer::erl::reference{atom{"a"}, 1, {1, 0}};
  auto y = peer::erl::reference{atom{"a"}, 1, {1}};
  CAF_CHECK(x == y);
  CAF_CHECK(term{x} == term{y});
}

CAF_TEST(exported functions are ordered by module and name and arity) {
  check_ascending({peer::erl::export_fun{atom{"a"}, atom{"z"}, 9}, peer::erl::export_fun{atom{"b"}, atom{"a"}, 9},
                   peer::erl::export_fun{atom{"b"}, atom{"b"}, 1}, peer::erl::export_fun{atom{"b"}, atom{"b"}, 2}},
                  by_value);
}
