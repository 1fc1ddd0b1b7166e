// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.console.line_splitter

#include "base/utf8.hpp"
#include "console/line_splitter.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

using namespace std::literals;

using peer::internal::console::line_splitter;
using peer::internal::console::utf8_joiner;

using strings = std::vector<std::string>;

namespace {

/// The lines of text that comes in these pieces.
strings lines_of(const std::vector<std::string_view>& pieces) {
  auto result = strings{};
  auto add = [&result](std::string_view line) { result.emplace_back(line); };
  peer::internal::console::line_splitter splitter;
  for (auto piece : pieces)
    splitter.feed(piece, add);
  splitter.finish(add);
  splitter.finish(add); // has nothing left
  return result;
}

/// All that a joiner passes on of text that comes in these pieces.
std::string join(const std::vector<std::string_view>& pieces) {
  auto result = std::string{};
  peer::internal::console::utf8_joiner joiner;
  for (auto piece : pieces)
    result += joiner.feed(piece);
  return result + joiner.finish();
}

} // namespace

CAF_TEST(lines are the same wherever the text is cut) {
  auto text = "one\n\ntwo\r\n\xC3\xA9\n\0\nlast"sv;
  auto expected = strings{"one", "", "two\r", "\xC3\xA9", "\0"s, "last"};
  for (std::size_t first = 0; first <= text.size(); ++first)
    for (auto second = first; second <= text.size(); ++second)
      CAF_CHECK_EQUAL(lines_of({text.substr(0, first), text.substr(first, second - first), text.substr(second)}),
                      expected);
}

CAF_TEST(a newline at the end does not begin a line) {
  CAF_CHECK_EQUAL(lines_of({}), strings{});
  CAF_CHECK_EQUAL(lines_of({""}), strings{});
  CAF_CHECK_EQUAL(lines_of({"\n"}), strings{""});
  CAF_CHECK_EQUAL(lines_of({"one\n"}), strings{"one"});
}

CAF_TEST(a line is passed on as soon as it is complete) {
  auto seen = strings{};
  auto add = [&seen](std::string_view line) { seen.emplace_back(line); };
  peer::internal::console::line_splitter splitter;
  splitter.feed("one\ntw", add);
  CAF_CHECK_EQUAL(seen, strings{"one"});
  splitter.feed("o", add);
  CAF_CHECK_EQUAL(seen, strings{"one"});
  splitter.feed("\n", add);
  CAF_CHECK_EQUAL(seen, (strings{"one", "two"}));
}

CAF_TEST(a line that is too long is passed on in pieces) {
  constexpr auto max = peer::internal::console::line_splitter::max_line;
  CAF_CHECK(lines_of({std::string(max, 'x') + "\n"}) == strings{std::string(max, 'x')});
  CAF_CHECK(lines_of({std::string(max + 1, 'x') + "\ny"}) == (strings{std::string(max, 'x'), "x", "y"}));
  CAF_CHECK(lines_of({std::string(3 * max, 'x')})
            == (strings{std::string(max, 'x'), std::string(max, 'x'), std::string(max, 'x')}));
  CAF_CHECK(lines_of({"a", std::string(max, 'x'), "b\n"}) == (strings{"a" + std::string(max - 1, 'x'), "xb"}));
}

CAF_TEST(characters are whole wherever the text is cut) {
  auto text = "a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80z"sv; // é, €, an emoji
  for (std::size_t first = 0; first <= text.size(); ++first)
    for (auto second = first; second <= text.size(); ++second)
      CAF_CHECK_EQUAL(join({text.substr(0, first), text.substr(first, second - first), text.substr(second)}), text);
  for (std::size_t cut = 0; cut <= text.size(); ++cut) {
    peer::internal::console::utf8_joiner joiner;
    CAF_CHECK(peer::internal::base::count_utf8(joiner.feed(text.substr(0, cut))));
    CAF_CHECK(peer::internal::base::count_utf8(joiner.feed(text.substr(cut))));
  }
}

CAF_TEST(a character is held back until its last byte) {
  peer::internal::console::utf8_joiner joiner;
  CAF_CHECK_EQUAL(joiner.feed("a\xF0"), "a");
  CAF_CHECK_EQUAL(joiner.feed("\x9F"), "");
  CAF_CHECK_EQUAL(joiner.feed("\x98"), "");
  CAF_CHECK_EQUAL(joiner.feed("\x80\xC3"), "\xF0\x9F\x98\x80");
  CAF_CHECK_EQUAL(joiner.finish(), "\xC3");
  CAF_CHECK_EQUAL(joiner.finish(), "");
}

CAF_TEST(bytes that are no UTF - 8 are passed on at once and as they are) {
  for (auto text :
       {"\xFF"sv, "\x80"sv, "\x80\x80\x80\x80"sv, "\xC3z"sv, "\xE2\x82z"sv, "\xF8\x88\x80\x80"sv, "\xC3\xA9\xA9"sv}) {
    peer::internal::console::utf8_joiner joiner;
    CAF_CHECK_EQUAL(joiner.feed(text), text);
    CAF_CHECK_EQUAL(joiner.finish(), "");
  }
  CAF_CHECK_EQUAL(join({"\xE2", "\xE2", "\xC3", "\xFF"}), "\xE2\xE2\xC3\xFF");
}
