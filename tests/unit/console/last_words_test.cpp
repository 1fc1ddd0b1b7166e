// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.console.last_words

#include "console/last_words.hpp"
#include "peer/detail/defaults.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <string>
#include <vector>

using namespace std::literals;

using peer::internal::console::last_words;

using lines = std::vector<std::string>;

CAF_TEST(lines are remembered in their order and taken once) {
  auto words = last_words{};
  words.feed("one\ntw");
  words.feed("o\nlast");
  CAF_CHECK_EQUAL(words.take(), (lines{"one", "two", "last"}));
  CAF_CHECK_EQUAL(words.take(), lines{});
  words.feed("later\n");
  CAF_CHECK_EQUAL(words.take(), lines{"later"});
}

CAF_TEST(of many lines the last ones are remembered) {
  auto words = last_words{};
  auto expected = lines{};
  for (auto i = std::size_t{0}; i < 2 * peer::defaults::stderr_lines; ++i) {
    words.feed(std::to_string(i) + "\n");
    if (i >= peer::defaults::stderr_lines)
      expected.push_back(std::to_string(i));
  }
  CAF_CHECK_EQUAL(words.take(), expected);
}

CAF_TEST(of long lines as many are remembered as have room) {
  auto words = last_words{};
  words.feed("first\n" + std::string(peer::defaults::stderr_bytes - 4, 'x') + "\nlast\n");
  CAF_CHECK_EQUAL(words.take(), (lines{std::string(peer::defaults::stderr_bytes - 4, 'x'), "last"}));
  words.feed(std::string(2 * peer::defaults::stderr_bytes, 'x') + "\n");
  CAF_CHECK_EQUAL(words.take(), lines{std::string(peer::defaults::stderr_bytes, 'x')});
}
