// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.term.parse

#include "peer/detail/limits.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "support/error_text.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <cmath>

using peer::atom;
using peer::parse_term;
using peer::term;
using peer::erl::bitstring;
using peer::erl::list;
using peer::erl::map;
using peer::erl::tuple;

namespace {

void check(std::string_view text, const term& expected) {
  auto result = parse_term(text);
  if (!result)
    CAF_ERROR(std::string{text} << ": " << peer::test::error_text(result.error()));
  else if (*result != expected)
    CAF_ERROR(std::string{text} << ": read " << to_string(*result));
  else
    CAF_CHECK(true);
}

template <class T>
std::string failure(const caf::expected<T>& result) {
  if (result)
    return "no failure";
  CAF_CHECK(result.error() == peer::errc::bad_syntax);
  return peer::test::error_text(result.error());
}

void check_failure(std::string_view text, std::string_view expected) {
  CAF_CHECK_EQUAL(failure(parse_term(text)), std::string{expected});
}

} // namespace

CAF_TEST(integers have signs and bases and underscores) {
  check("42", 42);
  check("-1", -1);
  check("+1", 1);
  check("- 1", -1);
  check("1_000_000", 1000000);
  check("16#fF", 255);
  check("2#1010_1010", 170);
  check("36#zZ", 1295);
  check("-16#8000000000000000", INT64_MIN);
  check("18446744073709551616", *peer::erl::big_integer::parse(false, "18446744073709551616", 10));
  check("-18446744073709551616", *peer::erl::big_integer::parse(true, "18446744073709551616", 10));
  check_failure("1__0", "line 1, column 2: expected a full stop or the end of the text, found the variable '__0'");
  check_failure("37#1", "line 1, column 1: expected a base from 2 to 36, found 37");
  check_failure("16#", "line 1, column 4: expected a digit of base 16");
  check_failure("2#12", "line 1, column 4: expected a full stop or the end of the text, found '2'");
  check_failure("--1", "line 1, column 2: expected a number after the sign, found '-'");
}

CAF_TEST(floats need digits on both sides of the point) {
  check("1.5", 1.5);
  check("1.0e+5", 1e5);
  check("1_0.2_5E-1_0", 10.25e-10);
  check("-0.0", -0.0);
  CAF_CHECK(std::signbit(*parse_term("-0.0")->get_if<double>()));
  check("5.0e-324", 5e-324);
  check("1.0e-400", 0.0);
  check("0.0e99999999999999999999", 0.0);
  check("1.0e-99999999999999999999", 0.0);
  check(std::string(400, '1') + ".0e-300", 1.1111111111111111e99);
  check("0." + std::string(400, '0') + "1", 0.0);
  check_failure("1.0e309", "line 1, column 1: the number is too large for a float");
  check_failure("1.0e99999999999999999999", "line 1, column 1: the number is too large for a float");
  check_failure("1.0e", "line 1, column 5: expected a digit of an exponent");
  check_failure("1e5", "line 1, column 2: expected a full stop or the end of the text, found 'e5'");
}

CAF_TEST(characters are integers) {
  check("$a", 'a' + 0);
  check("$ ", 32);
  check("$\\n", 10);
  check("$\\\\", 92);
  check("$\\^a", 1);
  check("-$a", -97);
  check("$\xE2\x82\xAC", 0x20AC);
  check_failure("$", "line 1, column 2: unexpected end of the text");
}

CAF_TEST(escapes are those of Erlang) {
  check(R"("\b\d\e\f\n\r\s\t\v\q\"\'\\")", peer::erl::list{8, 127, 27, 12, 10, 13, 32, 9, 11, 'q' + 0, 34, 39, 92});
  check(R"("\0\12\777\1234")", peer::erl::list{0, 10, 511, 83, '4' + 0});
  check(R"("\x41\x{1F600}\x{0}")", peer::erl::list{65, 0x1F600, 0});
  check(R"("\^@\^Z\^[")", peer::erl::list{0, 26, 27});
  check("\"a\\\nb\"", peer::erl::list{97, 10, 98});
  check(R"('\x{20ac}\'')", atom{"\xE2\x82\xAC'"});
  check_failure(R"("\x{110000}")", "line 1, column 11: the number is not a Unicode character");
  check_failure(R"("\x{D800}")", "line 1, column 9: the number is not a Unicode character");
  check_failure(R"("\x4g")", "line 1, column 5: expected two hexadecimal digits");
  check_failure(R"("\x{}")", "line 1, column 5: expected a hexadecimal digit");
  check_failure(R"("\x{4)", "line 1, column 6: expected a hexadecimal digit or '}'");
}

CAF_TEST(atoms are bare or quoted) {
  check("ok", atom{"ok"});
  check("aB@_9", atom{"aB@_9"});
  check("\xC3\xA9t\xC3\xA9", atom{"\xC3\xA9t\xC3\xA9"});
  check("'two words'", atom{"two words"});
  check("''", atom{""});
  check("'end'", atom{"end"});
  check("maybe", atom{"maybe"});
  check("'" + std::string(255, 'x') + "'", atom{std::string(255, 'x')});
  check_failure("'" + std::string(256, 'x') + "'", "line 1, column 1: an atom has at most 255 characters");
  check_failure(std::string(256, 'x'), "line 1, column 1: an atom has at most 255 characters");
  check_failure("end", "line 1, column 1: expected a term, found the reserved word 'end'");
  check_failure("[Var]", "line 1, column 2: expected a term, found the variable 'Var'");
  check_failure("'abc", "line 1, column 1: the quoted atom has no end");
}

CAF_TEST(strings are lists of code points) {
  check(R"("abc")", peer::erl::list{97, 98, 99});
  check(R"("a" "b"
           "c")",
        peer::erl::list{97, 98, 99});
  check(R"("")", peer::erl::list{});
  check("\"\xE2\x82\xAC\"", peer::erl::list{0x20AC});
  check_failure("[1, \"abc", "line 1, column 5: the string has no end");
}

CAF_TEST(containers nest) {
  check("[<<3>>,{two,\"x\"},1]",
        peer::erl::list{peer::erl::bitstring{"\3"}, peer::erl::tuple{atom{"two"}, peer::erl::list{120}}, 1});
  check("[]", peer::erl::list{});
  check("{ }", peer::erl::tuple{});
  check("#{}", peer::erl::map{});
  check("[1,2|3]", peer::erl::list::cons({1, 2}, 3));
  check("[1|[2|[]]]", peer::erl::list{1, 2});
  check("# {a=>1, \"b\" => #{}}", peer::erl::map{{atom{"a"}, 1}, {peer::erl::list{98}, peer::erl::map{}}});
  check("#{1=>a,1=>b}", peer::erl::map{{1, atom{"b"}}});
  check("({(1)})", peer::erl::tuple{1});
  check("fun lists:'Sort'/2", peer::erl::export_fun{atom{"lists"}, atom{"Sort"}, 2});
  check_failure("[1,]", "line 1, column 4: expected a term, found ']'");
  check_failure("[1 2]", "line 1, column 4: expected ',', '|' or ']', found '2'");
  check_failure("[1|2,3]", "line 1, column 5: expected ']', found ','");
  check_failure("{1", "line 1, column 3: expected ',' or '}', found the end of the text");
  check_failure("#{a:=1}", "line 1, column 4: expected '=>', found ':'");
  check_failure("fun a:b/256", "line 1, column 9: expected an arity from 0 to 255, found '256'");
  check_failure("fun () -> ok end", "line 1, column 5: expected the name of a module after 'fun', found '('");
  check_failure("#Pid<a@b.1.2>", "line 1, column 2: expected '{' after '#' (pids, ports, references and opaque terms "
                                 "cannot be read), found the variable 'Pid'");
}

CAF_TEST(binaries have segments of integers and strings) {
  check("<<>>", "");
  check("<<1,2,\"text\">>", "\1\2text");
  check("<<\"\xC3\xA9\"/utf8>>", "\xC3\xA9");
  check("<<\"\xC3\xA9\">>", "\xE9");
  check("<<\"a\" \"b\">>", "ab");
  check("<<5:3>>", peer::erl::bitstring{"\xA0", 5});
  check("<<1:1,2:2,3:5>>", "\xC3");
  check("<<1:4,\"a\">>", peer::erl::bitstring{"\x16\x10", 4});
  check("<<-1:12>>", peer::erl::bitstring{"\xFF\xF0", 4});
  check("<<256>>", std::string(1, '\0'));
  check("<<\"ab\":16>>", std::string("\0a\0b", 4));
  check("<<16#123456:24/little>>", "\x56\x34\x12");
  check("<<16#123:12/little>>", peer::erl::bitstring{"\x23\x10", 4});
  check("<<3:2/big-unsigned-integer-unit:8>>", std::string("\0\3", 2));
  check("<<-18446744073709551617:72>>", "\xFE\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF");
  check("<<1:0>>", "");
}

CAF_TEST(binaries have segments of other types) {
  check("<<16#1F600/utf8,16#1F600/utf16,16#e9/utf16-little,$a/utf32>>",
        std::string("\xF0\x9F\x98\x80\xD8\x3D\xDE\x00\xE9\x00\x00\x00\x00\x61", 14));
  check("<<1.5/float>>", std::string("\x3F\xF8\0\0\0\0\0\0", 8));
  check("<<1.5:32/little-float>>", std::string("\0\0\xC0\x3F", 4));
  check("<<1/float>>", std::string("\x3F\xF0\0\0\0\0\0\0", 8));
  check("<<1, <<2,3:4>>/bits, <<5>>/binary>>", peer::erl::bitstring{"\x01\x02\x30\x50", 4});
  check("<<(<<1,2,3>>):2/binary>>", "\1\2");
  check("<<(<<255>>):3/bits>>", peer::erl::bitstring{"\xE0", 5});
}

CAF_TEST(segments that cannot be are refused) {
  check_failure("<<1.5>>", "line 1, column 3: expected an integer as the value of a segment; other types need a type, "
                           "such as /float or /binary");
  check_failure("<<1,16#D800/utf8>>",
                "line 1, column 5: expected a Unicode character as the value of a segment of that type");
  check_failure("<<1:8/utf8>>", "line 1, column 3: a segment of that type has neither size nor unit");
  check_failure("<<1/text>>", "line 1, column 5: expected the type of a segment, found 'text'");
  check_failure("<<1/integer-float>>", "line 1, column 13: the segment has two types");
  check_failure("<<1/big-little>>", "line 1, column 9: the segment has two byte orders");
  check_failure("<<1/binary>>", "line 1, column 3: expected a binary as the value of a segment of that type");
  check_failure("<< <<1>>:2/binary>>", "line 1, column 4: the value of the segment is shorter than its size");
  check_failure("<< <<1:4>>/binary>>",
                "line 1, column 4: the value of the segment has 4 bits, which is not a multiple of its unit");
  check_failure("<<1.0:16/float>>", "line 1, column 3: expected 32 or 64 as the size of a segment of type float");
  check_failure("<<1.0e300:32/float>>",
                "line 1, column 3: the number is too large for a segment of type float and that size");
  check_failure("<<1:-1>>", "line 1, column 5: expected the size of a segment, found '-'");
  check_failure("<<1/unit:0>>", "line 1, column 10: expected a unit from 1 to 256, found '0'");
}

CAF_TEST(a short text cannot ask for much memory) {
  auto bits = std::to_string(peer::detail::term_limits{}.max_inflated * 8 + 1);
  check_failure("<<0:" + bits + ">>", "line 1, column 3: the binary is too large");
  check_failure("<<0:9223372036854775807/unit:256>>", "line 1, column 3: the binary is too large");
  auto half = std::to_string(peer::detail::term_limits{}.max_inflated * 4 + 1);
  check_failure("[<<0:" + half + ">>,<<0:" + half + ">>]",
                "line 1, column " + std::to_string(half.size() + 11) + ": the binary is too large");
}

CAF_TEST(white space and comments and a full stop may surround a term) {
  check(" \t\n% one ]\n[1, % two\n 2]. % three", peer::erl::list{1, 2});
  check("ok.", atom{"ok"});
  check("1.\n", 1);
  check("\xC2\xA0ok", atom{"ok"});
  check_failure("ok. ok", "line 1, column 5: expected the end of the text, found 'ok'");
  check_failure("ok.ok", "line 1, column 3: expected a full stop or the end of the text, found '.'");
  check_failure("ok..", "line 1, column 3: expected a full stop or the end of the text, found '.'");
  check_failure("", "line 1, column 1: expected a term, found the end of the text");
  check_failure(".", "line 1, column 1: expected a term, found a full stop");
}

CAF_TEST(errors name the line and count characters) {
  check_failure("[a,\n \"\xC3\xA9\xC3\xA9\" !]", "line 2, column 7: expected ',', '|' or ']', found '!'");
  check_failure("[\xFF]", "line 1, column 2: invalid UTF-8");
  check_failure("\"\xC3(\"", "line 1, column 2: invalid UTF-8");
  check_failure("% \xC3(\n1", "line 1, column 3: invalid UTF-8");
  check_failure("[a 'a very long atom, longer than what an error shows']",
                "line 1, column 4: expected ',', '|' or ']', found ''a very long atom, longer than w...'");
}

CAF_TEST(terms are read one after the other) {
  auto result = peer::parse_terms("1, [a, b]");
  CAF_REQUIRE(result);
  CAF_CHECK(*result == (std::vector<term>{1, peer::erl::list{atom{"a"}, atom{"b"}}}));
  CAF_CHECK(peer::parse_terms("")->empty());
  CAF_CHECK(peer::parse_terms(" % nothing")->empty());
  CAF_CHECK_EQUAL(failure(peer::parse_terms("1,")), "line 1, column 3: expected a term, found the end of the text");
  CAF_CHECK_EQUAL(failure(peer::parse_terms("1 2")),
                  "line 1, column 3: expected ',' or the end of the text, found '2'");
  CAF_CHECK_EQUAL(failure(peer::parse_terms("]")), "line 1, column 1: expected a term, found ']'");
}

CAF_TEST(calls name module and function and arguments) {
  auto result = peer::parse_call("lists:reverse([1,2]).");
  CAF_REQUIRE(result);
  CAF_CHECK(result->module == "lists");
  CAF_CHECK(result->function == "reverse");
  CAF_CHECK(result->arguments == (std::vector<term>{peer::erl::list{1, 2}}));
  result = peer::parse_call("'Elixir.M':f ( )");
  CAF_REQUIRE(result);
  CAF_CHECK(result->module == "Elixir.M");
  CAF_CHECK(result->arguments.empty());
  CAF_CHECK_EQUAL(failure(peer::parse_call("f(1)")), "line 1, column 2: expected ':', found '('");
  CAF_CHECK_EQUAL(failure(peer::parse_call("m:f(1")),
                  "line 1, column 6: expected ',' or ')', found the end of the text");
  CAF_CHECK_EQUAL(failure(peer::parse_call("M:f(1)")),
                  "line 1, column 1: expected the name of a module, found the variable 'M'");
  CAF_CHECK_EQUAL(failure(peer::parse_call("m:f(1) x")),
                  "line 1, column 8: expected a full stop or the end of the text, found 'x'");
}
