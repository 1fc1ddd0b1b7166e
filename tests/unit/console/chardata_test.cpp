// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Character data as Erlang's "unicode" module reads it. The expressions are Erlang's.

#define CAF_SUITE peer.console.chardata

#include "console/chardata.hpp"
#include "peer/term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

using namespace std::literals;

using peer::internal::console::encoding;
using peer::internal::console::find_characters;
using peer::internal::console::to_latin1;

namespace {

/// What `unicode:characters_to_binary(data)` gives; "no characters" for an error.
std::string unicode(std::string_view data) {
  return peer::internal::console::flatten_chardata(unbox(peer::parse_term(data)),
                                                   peer::internal::console::encoding::unicode)
      .value_or("no characters");
}

/// What `unicode:characters_to_binary(data, latin1)` gives; "no characters" for an error.
std::string latin1(std::string_view data) {
  return peer::internal::console::flatten_chardata(unbox(peer::parse_term(data)),
                                                   peer::internal::console::encoding::latin1)
      .value_or("no characters");
}

} // namespace

CAF_TEST(lists of characters become UTF - 8) {
  CAF_CHECK_EQUAL(unicode("[]"), "");
  CAF_CHECK_EQUAL(unicode("\"abc\""), "abc");
  CAF_CHECK_EQUAL(unicode("[0, 97, 16#7F]"), "\0a\x7F"s);
  CAF_CHECK_EQUAL(unicode("[16#E9, 16#20AC, 16#1F600, 16#10FFFF]"),
                  "\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xF4\x8F\xBF\xBF");
}

CAF_TEST(binaries are UTF - 8 or something that is passed on) {
  CAF_CHECK_EQUAL(unicode("<<>>"), "");
  CAF_CHECK_EQUAL(unicode("<<\"caf\xC3\xA9\"/utf8>>"), "caf\xC3\xA9");
  CAF_CHECK_EQUAL(unicode("<<16#E9>>"), "\xE9");
}

CAF_TEST(lists may hold lists and binaries to any depth) {
  CAF_CHECK_EQUAL(unicode("[$a, [<<\"b\">>, [[]], [[[$c]], \"de\"]], <<\"f\">>]"), "abcdef");
  CAF_CHECK_EQUAL(unicode(std::string(200, '[') + "$x" + std::string(200, ']')), "x");
}

CAF_TEST(an improper list may end with a binary) {
  CAF_CHECK_EQUAL(unicode("[$a | <<\"b\">>]"), "ab");
  CAF_CHECK_EQUAL(unicode("[$a, [$b | <<\"c\">>] | <<>>]"), "abc");
  CAF_CHECK_EQUAL(unicode("[$a | $b]"), "no characters");
  CAF_CHECK_EQUAL(unicode("[$a | b]"), "no characters");
}

CAF_TEST(everything else is no character data) {
  for (auto data : {"97", "abc", "{}", "#{}", "1.5", "[abc]", "[1.0]", "[{$a}]", "<<1:3>>", "[<<1:3>>]", "[-1]",
                    "[16#110000]", "[16#D800]", "[16#DFFF]", "[1000000000000000000000]", "[$a, [$b, c]]"})
    CAF_CHECK_EQUAL(unicode(data), "no characters");
}

CAF_TEST(in Latin - 1 bytes are characters and characters are bytes) {
  CAF_CHECK_EQUAL(latin1("<<\"caf\", 16#E9>>"), "caf\xC3\xA9");
  CAF_CHECK_EQUAL(latin1("[<<16#C3, 16#A9>>]"), "\xC3\x83\xC2\xA9");
  CAF_CHECK_EQUAL(latin1("[$a, 255 | <<128>>]"), "a\xC3\xBF\xC2\x80");
  CAF_CHECK_EQUAL(latin1("[256]"), "no characters");
}

CAF_TEST(text becomes a list of code points) {
  CAF_CHECK_EQUAL(peer::to_charlist(""), peer::erl::list{});
  CAF_CHECK_EQUAL(peer::to_charlist("a\n\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"),
                  (peer::erl::list{97, 10, 0xE9, 0x20AC, 0x1F600}));
}

CAF_TEST(a byte that is no UTF - 8 counts as a character of Latin - 1) {
  CAF_CHECK_EQUAL(peer::to_charlist("\xE9t\xC3"), (peer::erl::list{0xE9, 116, 0xC3}));
  CAF_CHECK_EQUAL(peer::internal::console::find_characters("\xE9\xC3\xA9z", 2), 3u);
  CAF_CHECK_EQUAL(peer::internal::console::to_latin1("\xE9"), "\xE9"s);
}

CAF_TEST(characters are found by their number) {
  auto text = "a\xC3\xA9\xE2\x82\xACz"sv;
  CAF_CHECK_EQUAL(peer::internal::console::find_characters(text, 0), 0u);
  CAF_CHECK_EQUAL(peer::internal::console::find_characters(text, 1), 1u);
  CAF_CHECK_EQUAL(peer::internal::console::find_characters(text, 2), 3u);
  CAF_CHECK_EQUAL(peer::internal::console::find_characters(text, 3), 6u);
  CAF_CHECK_EQUAL(peer::internal::console::find_characters(text, 4), 7u);
  CAF_CHECK_EQUAL(peer::internal::console::find_characters(text, 5), std::nullopt);
  CAF_CHECK_EQUAL(peer::internal::console::find_characters("", 0), 0u);
  CAF_CHECK_EQUAL(peer::internal::console::find_characters("", 1), std::nullopt);
}

CAF_TEST(text may have no form in Latin - 1) {
  CAF_CHECK_EQUAL(peer::internal::console::to_latin1("caf\xC3\xA9"), "caf\xE9"s);
  CAF_CHECK_EQUAL(peer::internal::console::to_latin1("\xC3\xBF"), "\xFF"s);
  CAF_CHECK_EQUAL(peer::internal::console::to_latin1("\xC4\x80"), std::nullopt);
}
