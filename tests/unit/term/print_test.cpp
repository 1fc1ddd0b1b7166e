// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.term.print

#include "peer/term.hpp"
#include "term/text/print.hpp"
#include "tests/support/random_term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <limits>

using peer::atom;
using peer::term;
using peer::erl::bitstring;
using peer::erl::list;
using peer::erl::map;
using peer::erl::tuple;
using peer::internal::text::print_limited;

namespace {

std::string print(const term& value) {
  return to_string(value);
}

} // namespace

CAF_TEST(containers print on one line) {
  CAF_CHECK_EQUAL(
      print(peer::erl::list{peer::erl::bitstring{"\3"}, peer::erl::tuple{atom{"two"}, peer::erl::list{'x' + 0}}, 1}),
      R"([<<3>>,{two,"x"},1])");
  CAF_CHECK_EQUAL(print(peer::erl::list{}), "[]");
  CAF_CHECK_EQUAL(print(peer::erl::list{1}), "[1]");
  CAF_CHECK_EQUAL(print(peer::erl::tuple{}), "{}");
  CAF_CHECK_EQUAL(print(peer::erl::list::cons({1, 2}, 3)), "[1,2|3]");
  CAF_CHECK_EQUAL(print(peer::erl::map{}), "#{}");
  CAF_CHECK_EQUAL(print(peer::erl::map{{atom{"b"}, 2}, {atom{"a"}, peer::erl::list{}}, {1.0, 1}, {1, 2}}),
                  "#{1 => 2,1.0 => 1,a => [],b => 2}");
}

CAF_TEST(integers print in full) {
  CAF_CHECK_EQUAL(print(INT64_MIN), "-9223372036854775808");
  CAF_CHECK_EQUAL(print(UINT64_MAX), "18446744073709551615");
}

CAF_TEST(floats print as float_to_list does in its short form) {
  CAF_CHECK_EQUAL(print(1.0), "1.0");
  CAF_CHECK_EQUAL(print(-0.0), "-0.0");
  CAF_CHECK_EQUAL(print(0.1), "0.1");
  CAF_CHECK_EQUAL(print(100.0), "100.0");
  CAF_CHECK_EQUAL(print(1000.0), "1.0e3");
  CAF_CHECK_EQUAL(print(123456789012.0), "123456789012.0");
  CAF_CHECK_EQUAL(print(0.0001), "0.0001");
  CAF_CHECK_EQUAL(print(0.00012), "1.2e-4");
  CAF_CHECK_EQUAL(print(9007199254740991.0), "9007199254740991.0");
  CAF_CHECK_EQUAL(print(9007199254740992.0), "9.007199254740992e15");
  CAF_CHECK_EQUAL(print(1e22), "1.0e22");
  CAF_CHECK_EQUAL(print(-1.5e-7), "-1.5e-7");
  CAF_CHECK_EQUAL(print(std::numeric_limits<double>::denorm_min()), "5.0e-324");
  CAF_CHECK_EQUAL(print(std::numeric_limits<double>::max()), "1.7976931348623157e308");
}

CAF_TEST(atoms are quoted where Erlang needs it) {
  for (auto name : {"ok", "a@b", "aB_9", "\xC3\xA9t\xC3\xA9"})
    CAF_CHECK_EQUAL(to_string(atom{name}), name);
  for (auto name : {"", "Ok", "_x", "a b", "a-b", "1a", "end", "receive", "maybe", "else", "a.b", "\xE2\x82\xAC"})
    CAF_CHECK_EQUAL(to_string(atom{name}), "'" + std::string{name} + "'");
  CAF_CHECK_EQUAL(to_string(atom{"it's"}), R"('it\'s')");
  CAF_CHECK_EQUAL(to_string(atom{"a\\\n\x01\x7F\xC2\x85\xC2\xA0"}), "'a\\\\\\n\\001\\d\\205\xC2\xA0'");
  CAF_CHECK_EQUAL(to_string(atom{"a\xFF"}), "'a\xEF\xBF\xBD'");
}

CAF_TEST(lists of printable characters print as strings) {
  CAF_CHECK_EQUAL(print(peer::erl::list{97, 34, 92, 39, 0xE9, 0x20AC, 0x1F600}),
                  "\"a\\\"\\\\'\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\"");
  CAF_CHECK_EQUAL(print(peer::erl::list{8, 9, 10, 11, 12, 13, 27}), R"("\b\t\n\v\f\r\e")");
  CAF_CHECK_EQUAL(print(peer::erl::list{65, 7}), "[65,7]");
  CAF_CHECK_EQUAL(print(peer::erl::list{65, 127}), "[65,127]");
  CAF_CHECK_EQUAL(print(peer::erl::list{65, 0x9F}), "[65,159]");
  CAF_CHECK_EQUAL(print(peer::erl::list{65, 0xD800}), "[65,55296]");
  CAF_CHECK_EQUAL(print(peer::erl::list{65, 0xFFFE}), "[65,65534]");
  CAF_CHECK_EQUAL(print(peer::erl::list{65, 0x110000}), "[65,1114112]");
  CAF_CHECK_EQUAL(print(peer::erl::list{65, -1}), "[65,-1]");
  CAF_CHECK_EQUAL(print(peer::erl::list::cons({65}, 66)), "[65|66]");
}

CAF_TEST(binaries print as text where they are text) {
  CAF_CHECK_EQUAL(print("abc"), R"(<<"abc">>)");
  CAF_CHECK_EQUAL(print("a\"\n"), R"(<<"a\"\n">>)");
  CAF_CHECK_EQUAL(print("\xC3\xA9"), "<<\"\xC3\xA9\"/utf8>>");
  CAF_CHECK_EQUAL(print("\xE9"), "<<233>>");
  CAF_CHECK_EQUAL(print(""), "<<>>");
  CAF_CHECK_EQUAL(print("\x01\x02\x03"), "<<1,2,3>>");
  CAF_CHECK_EQUAL(print("a\x7F"), "<<97,127>>");
}

CAF_TEST(bit strings print the size of their last segment) {
  CAF_CHECK_EQUAL(print(peer::erl::bitstring{"\x01\xA0", 5}), "<<1,5:3>>");
  CAF_CHECK_EQUAL(print(peer::erl::bitstring{"a\x80", 7}), "<<97,1:1>>");
}

CAF_TEST(identifiers and functions print their parts) {
  auto node = atom{"nonode@nohost"};
  CAF_CHECK_EQUAL(print(peer::pid{node, 12, 0, 3}), "#Pid<nonode@nohost.12.0>");
  CAF_CHECK_EQUAL(print(peer::pid{atom{"a@b.c"}, 1, 2, 3}), "#Pid<'a@b.c'.1.2>");
  CAF_CHECK_EQUAL(print(peer::erl::port{node, UINT64_MAX, 3}), "#Port<nonode@nohost.18446744073709551615>");
  CAF_CHECK_EQUAL(print(peer::erl::reference{node, 3, {1, 2, 3}}), "#Ref<nonode@nohost.3.2.1>");
  CAF_CHECK_EQUAL(print(peer::erl::export_fun{atom{"lists"}, atom{"Sort"}, 2}), "fun lists:'Sort'/2");
  CAF_CHECK_EQUAL(print(peer::erl::opaque{"pxxx"}), "#Opaque<4 bytes>");
}

CAF_TEST(a limited text is the start of the whole one) {
  auto generate = peer::test::random_term_generator{peer::test::random_seed()};
  for (auto i = 0; i < 500; ++i) {
    auto x = term{tuple{generate(), generate()}};
    auto whole = print_limited(x, 10'000'000);
    if (whole.find("#Integer<") == std::string::npos)
      CAF_REQUIRE_EQUAL(whole, to_string(x));
    for (auto limit : {3u, 4u, 5u, 20u, 100u}) {
      auto text = print_limited(x, limit);
      CAF_REQUIRE(text.size() <= limit);
      if (whole.size() <= limit)
        CAF_REQUIRE_EQUAL(text, whole);
      else
        CAF_REQUIRE(text.ends_with("…") && whole.starts_with(text.substr(0, text.size() - 3)));
    }
  }
}

CAF_TEST(a limited text ends between characters) {
  CAF_CHECK_EQUAL(print_limited(list{0x20AC, 0x20AC, 0x20AC}, 11), "\"€€€\"");
  CAF_CHECK_EQUAL(print_limited(list{0x20AC, 0x20AC, 0x20AC}, 10), "\"€€…");
  CAF_CHECK_EQUAL(print_limited(list{0x20AC, 0x20AC, 0x20AC}, 9), "\"€…");
  CAF_CHECK_EQUAL(print_limited("abcdefghij", 10), "<<\"abcd…");
  CAF_CHECK_EQUAL(print_limited("\1\2\3\4\5\6\7", 10), "<<1,2,3…");
  CAF_CHECK_EQUAL(print_limited(atom{"abcdefghij"}, 8), "abcde…");
}

CAF_TEST(long integers are left out of a limited text) {
  auto x = term{tuple{peer::erl::big_integer{true, std::string(64, '\1')}, atom{"x"}}};
  CAF_CHECK_EQUAL(print_limited(x), to_string(x));
  auto longer = tuple{peer::erl::big_integer{true, std::string(65, '\1')}, atom{"x"}};
  CAF_CHECK_EQUAL(print_limited(longer), "{#Integer<65 bytes>,x}");
  // To print this one would take hours.
  CAF_CHECK_EQUAL(print_limited(peer::erl::big_integer{false, std::string(std::size_t{16} << 20, '\1')}),
                  "#Integer<16777216 bytes>");
}

CAF_TEST(a limited text of a long term takes little memory) {
  for (auto& x : {term{list{std::vector<term>(1'000'000, 1000)}}, term{list{std::vector<term>(1'000'000, 'x' + 0)}},
                  term{std::string(1'000'000, 'x')}, term{std::string(1'000'000, '\1')}}) {
    auto text = print_limited(x, 100);
    CAF_CHECK_EQUAL(text.size(), 100u);
    CAF_CHECK_LESS(text.capacity(), 1000u);
  }
}
