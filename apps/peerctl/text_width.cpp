// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "text_width.hpp"

#include <clocale>
#include <cwchar>

#include <locale.h>

namespace peerctl {

namespace {

/// The first character of a text and how it is shown.
struct character {
  std::string_view bytes;
  std::string_view shown;
  std::size_t width = 1;
};

/// Makes wcwidth(3) use Unicode in this thread.
class unicode_scope {
public:
  unicode_scope() : before_(uselocale(unicode())) {}
  ~unicode_scope() { uselocale(before_); }

  unicode_scope(const unicode_scope&) = delete;
  unicode_scope& operator=(const unicode_scope&) = delete;

private:
  static locale_t unicode() {
    static const auto result = newlocale(LC_CTYPE_MASK, "C.UTF-8", nullptr); // null changes nothing
    return result;
  }

  locale_t before_;
};

/// The number of bytes that follow a first byte of UTF-8; -1 if it is none.
int bytes_after(unsigned char first) {
  if (first < 0x80)
    return 0;
  if (first >= 0xC2 && first < 0xE0)
    return 1;
  if (first >= 0xE0 && first < 0xF0)
    return 2;
  return first >= 0xF0 && first < 0xF5 ? 3 : -1;
}

character first_of(std::string_view text) {
  auto first = static_cast<unsigned char>(text.front());
  auto more = bytes_after(first);
  auto wrong = character{text.substr(0, 1), "?"};
  if (more < 0 || text.size() <= static_cast<std::size_t>(more))
    return wrong;
  auto code = more == 0 ? wchar_t{first} : static_cast<wchar_t>(first & (0x3F >> more));
  for (auto i = std::size_t{1}; i <= static_cast<std::size_t>(more); ++i) {
    auto next = static_cast<unsigned char>(text[i]);
    if ((next & 0xC0) != 0x80)
      return wrong;
    code = static_cast<wchar_t>(code << 6 | (next & 0x3F));
  }
  auto bytes = text.substr(0, static_cast<std::size_t>(more) + 1);
  if (code < 0x20 || (code >= 0x7F && code < 0xA0))
    return {bytes, "?"};
  auto width = wcwidth(code);
  return {bytes, bytes, width < 0 ? 1 : static_cast<std::size_t>(width)};
}

} // namespace

std::size_t width_of(std::string_view text) {
  auto scope = unicode_scope{};
  auto result = std::size_t{0};
  while (!text.empty()) {
    auto next = first_of(text);
    result += next.width;
    text.remove_prefix(next.bytes.size());
  }
  return result;
}

std::string cut(std::string_view line, std::size_t width) {
  auto scope = unicode_scope{};
  auto result = std::string{};
  auto used = std::size_t{0};
  while (!line.empty()) {
    auto next = first_of(line);
    used += next.width;
    if (used > width)
      break;
    result += next.shown;
    line.remove_prefix(next.bytes.size());
  }
  return result;
}

} // namespace peerctl
