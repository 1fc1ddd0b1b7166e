// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.base.utf8

#include "base/utf8.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <string>

using namespace std::literals;

using peer::internal::base::printable;

CAF_TEST(what a person can read stays as it is) {
  for (auto text : {""s, "plain text, with \\ and 'quotes'"s, "tab\tstop"s, "\u00E9\u20AC\u6F22\U0001F600 e\u0301"s}) {
    CAF_CHECK_EQUAL(printable(text), text);
    CAF_CHECK_EQUAL(printable(text, true), text);
  }
}

CAF_TEST(what acts on a terminal is escaped) {
  CAF_CHECK_EQUAL(printable("a\x1B[2Jb\rc\x7F\b\a"), "a\\x1B[2Jb\\x0Dc\\x7F\\x08\\x07");
  CAF_CHECK_EQUAL(printable("\0"s), "\\x00");
  CAF_CHECK_EQUAL(printable("\u009B2J"), "\\x9B2J"); // CSI as one character
}

CAF_TEST(lines are kept only if they are asked for) {
  CAF_CHECK_EQUAL(printable("a\nb\r\n"), "a\\x0Ab\\x0D\\x0A");
  CAF_CHECK_EQUAL(printable("a\nb\r\n", true), "a\nb\\x0D\n");
  CAF_CHECK_EQUAL(printable("a\u2028b\u2029", true), "a\\x{2028}b\\x{2029}");
}

CAF_TEST(what changes the direction of writing is escaped) {
  CAF_CHECK_EQUAL(printable("\u202Etxt.exe\u2066\u200F\u061C\uFEFF"),
                  "\\x{202E}txt.exe\\x{2066}\\x{200F}\\x{061C}\\x{FEFF}");
}

CAF_TEST(bytes that are not UTF - 8 are escaped one by one) {
  CAF_CHECK_EQUAL(printable("a\xC3"), "a\\xC3");
  CAF_CHECK_EQUAL(printable("\xE2\x82 \xFF\xC3\xA9"), "\\xE2\\x82 \\xFF\u00E9");
  CAF_CHECK_EQUAL(printable("\xED\xA0\x80"), "\\xED\\xA0\\x80"); // a surrogate
}
