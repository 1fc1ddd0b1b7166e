// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "console/chardata.hpp"

#include "base/utf8.hpp"

namespace peer::internal::console {

namespace {

/// Appends an element of a list, unless that is a list, too.
bool append_leaf(std::string& out, const term& data, encoding from) {
  if (auto code = data.get_if<std::int64_t>())
    return *code >= 0 && (from == encoding::unicode || *code < 256)
        && base::append_utf8(out, static_cast<std::uint64_t>(*code));
  auto bytes = data.as_binary();
  if (!bytes)
    return false;
  if (from == encoding::unicode)
    out.append(*bytes); // invalid UTF-8 is passed on as it is
  else
    base::append_latin1(out, *bytes);
  return true;
}

/// A list whose elements are not all appended.
struct rest_of_list {
  erl::list::const_iterator next;
  const erl::list* list;
};

/// Appends a list of lists without recursion.
bool append_list(std::string& out, const erl::list& data, encoding from) {
  auto open = std::vector<rest_of_list>{{data.begin(), &data}};
  while (!open.empty()) {
    auto& [next, list] = open.back();
    if (next != list->end()) {
      const auto& item = *next++;
      if (auto inner = item.get_if<erl::list>())
        open.push_back({inner->begin(), inner});
      else if (!append_leaf(out, item, from))
        return false;
      continue;
    }
    // An improper tail must be a binary (unicode:chardata()).
    if (auto tail = list->tail(); tail && !(tail->is_binary() && append_leaf(out, *tail, from)))
      return false;
    open.pop_back();
  }
  return true;
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
  auto list = data.get_if<erl::list>();
  // A lone integer is not character data.
  auto done = list ? append_list(result, *list, from) : data.is_binary() && append_leaf(result, data, from);
  return done ? std::optional{std::move(result)} : std::nullopt;
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
