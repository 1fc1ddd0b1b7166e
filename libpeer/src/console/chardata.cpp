// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/chardata.hpp"

#include "base/utf8.hpp"

namespace peer::internal::console {

namespace {

bool flatten(std::string& out, const term& data, encoding from) {
  if (auto code = data.get_if<std::int64_t>())
    return *code >= 0 && (from == encoding::unicode || *code < 256)
        && base::append_utf8(out, static_cast<std::uint64_t>(*code));
  if (auto bytes = data.as_binary()) {
    if (from == encoding::unicode)
      out.append(*bytes); // invalid UTF-8 is passed on as it is
    else
      base::append_latin1(out, *bytes);
    return true;
  }
  auto items = data.get_if<erl::list>();
  if (items == nullptr)
    return false;
  for (auto& item : *items)
    if (!flatten(out, item, from))
      return false;
  // An improper tail must be a binary (unicode:chardata()).
  return items->proper() || (items->tail()->is_binary() && flatten(out, *items->tail(), from));
}

char32_t take_character(std::string_view& text) {
  if (auto code = base::take_utf8(text))
    return *code;
  auto byte = static_cast<unsigned char>(text.front());
  text.remove_prefix(1);
  return byte;
}

} // namespace

std::optional<std::string> flatten_chardata(const term& data, encoding from) {
  auto result = std::string{};
  if (data.is<std::int64_t>() || !flatten(result, data, from)) // a lone integer is not character data
    return std::nullopt;
  return result;
}

std::optional<std::size_t> find_characters(std::string_view text, std::size_t count) {
  auto rest = text;
  for (; count > 0; --count) {
    if (rest.empty())
      return std::nullopt;
    take_character(rest);
  }
  return text.size() - rest.size();
}

std::optional<std::string> to_latin1(std::string_view text) {
  auto result = std::string{};
  while (!text.empty()) {
    auto code = take_character(text);
    if (code > 0xFF)
      return std::nullopt;
    result += static_cast<char>(code);
  }
  return result;
}

} // namespace peer::internal::console
