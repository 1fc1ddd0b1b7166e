// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "utf8.hpp"
#include "badarg.hpp"

#include <boost/locale/utf.hpp>

#include <iterator>

namespace peer_node {

namespace utf = boost::locale::utf;

std::optional<std::u32string> decode_utf8(std::string_view text, std::size_t limit) {
  auto result = std::u32string{};
  for (auto i = text.begin(); i != text.end() && result.size() < limit;) {
    auto code = utf::utf_traits<char>::decode(i, text.end());
    if (code == utf::illegal || code == utf::incomplete)
      return std::nullopt;
    result += static_cast<char32_t>(code);
  }
  return result;
}

void append_utf8(std::string& out, std::int64_t code) {
  constexpr auto last = std::int64_t{0x10FFFF};
  if (code < 0 || code > last || !utf::is_valid_codepoint(static_cast<utf::code_point>(code)))
    badarg();
  utf::utf_traits<char>::encode(static_cast<utf::code_point>(code), std::back_inserter(out));
}

} // namespace peer_node
