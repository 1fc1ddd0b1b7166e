// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "format.hpp"
#include "badarg.hpp"
#include "field.hpp"
#include "nested_list.hpp"
#include "number_text.hpp"
#include "term_text.hpp"
#include "utf8.hpp"

#include <algorithm>
#include <span>
#include <string_view>

namespace peer_node {

namespace {

/// Greater depths count as unlimited.
constexpr auto max_depth = std::int64_t{1} << 30;

constexpr auto highest_width = std::int64_t{1} << 20;

// -- characters -------------------------------------------------------------------------------------------------------

/// The characters of a text that is known to be UTF-8.
std::u32string wide(std::string_view utf8) {
  return decode_utf8(utf8).value();
}

char32_t to_character(const peer::term& value, char32_t highest) {
  auto* code = value.get_if<std::int64_t>();
  if (!code || *code < 0 || *code > std::int64_t{highest})
    badarg();
  return static_cast<char32_t>(*code);
}

void append_latin1(std::u32string& out, std::string_view bytes) {
  for (auto c : bytes)
    out += static_cast<unsigned char>(c);
}

void append_binary(std::u32string& out, std::string_view bytes, bool unicode) {
  if (auto text = unicode ? decode_utf8(bytes) : std::nullopt)
    out += *text;
  else
    append_latin1(out, bytes);
}

/// What `~s` and `~ts` accept besides atoms: nested lists of characters and binaries.
void append_characters(std::u32string& out, const peer::term& data, bool unicode) {
  if (auto bytes = data.as_binary())
    return append_binary(out, *bytes, unicode);
  auto* parts = data.get_if<peer::erl::list>();
  if (!parts)
    badarg();
  for_each_part(*parts, [&out, unicode](const peer::term& part, bool is_tail) {
    if (auto bytes = part.as_binary())
      append_binary(out, *bytes, unicode);
    else if (is_tail)
      badarg();
    else
      out += to_character(part, unicode ? 0x10FFFF : 0xFF);
  });
}

std::u32string characters_of(const peer::term& data, bool unicode) {
  auto result = std::u32string{};
  if (auto* name = data.get_if<peer::atom>()) {
    result = wide(name->name());
    if (!unicode && std::any_of(result.begin(), result.end(), [](char32_t c) { return c > 0xFF; }))
      badarg();
  } else {
    append_characters(result, data, unicode);
  }
  return result;
}

/// A format is a string, an atom, or a binary in Latin-1.
std::u32string characters_of_format(const peer::term& data) {
  auto result = std::u32string{};
  if (auto* name = data.get_if<peer::atom>())
    return wide(name->name());
  if (auto bytes = data.as_binary()) {
    append_latin1(result, *bytes);
    return result;
  }
  auto* characters = data.get_if<peer::erl::list>();
  if (!characters || !characters->proper())
    badarg();
  for (auto& character : *characters)
    result += to_character(character, 0x10FFFF);
  return result;
}

// -- control sequences ------------------------------------------------------------------------------------------------

/// `~F.P.PadModC`
struct control_sequence {
  field where;
  bool unicode = false;
  bool strings = true;
  char32_t control = 0;
};

class formatter {
public:
  formatter(std::u32string_view text, std::span<const peer::term> arguments) : text_(text), arguments_(arguments) {}

  std::u32string run() {
    auto result = std::u32string{};
    while (!text_.empty()) {
      if (auto c = take(); c != U'~')
        result += c;
      else
        result += print(read_sequence());
    }
    if (!arguments_.empty())
      badarg();
    return result;
  }

private:
  // -- reading ---

  char32_t take() {
    if (text_.empty())
      badarg();
    auto result = text_.front();
    text_.remove_prefix(1);
    return result;
  }

  bool take_if(std::u32string_view what) {
    if (!text_.starts_with(what))
      return false;
    text_.remove_prefix(what.size());
    return true;
  }

  const peer::term& argument() {
    if (arguments_.empty())
      badarg();
    auto& result = arguments_.front();
    arguments_ = arguments_.subspan(1);
    return result;
  }

  /// Reads digits, or an integer argument for an asterisk.
  std::optional<std::int64_t> read_value() {
    if (take_if(U"*")) {
      auto* value = argument().get_if<std::int64_t>();
      if (!value || *value > highest_width || *value < -highest_width)
        badarg();
      return *value;
    }
    auto result = std::optional<std::int64_t>{};
    while (!text_.empty() && text_.front() >= U'0' && text_.front() <= U'9') {
      result = 10 * result.value_or(0) + (take() - U'0');
      if (*result > highest_width)
        badarg();
    }
    return result;
  }

  void read_width(field& where) {
    auto minus = take_if(U"-");
    auto value = read_value();
    if (minus && !value)
      badarg();
    if (!value)
      return;
    where.left = (*value < 0) != minus && *value != 0;
    where.width = static_cast<std::size_t>(*value < 0 ? -*value : *value);
  }

  void read_precision(field& where) {
    auto value = read_value();
    if (value && *value < 0)
      badarg();
    if (value)
      where.precision = static_cast<std::size_t>(*value);
  }

  control_sequence read_sequence() {
    auto result = control_sequence{};
    read_width(result.where);
    if (take_if(U"."))
      read_precision(result.where);
    if (take_if(U".*"))
      result.where.pad = to_character(argument(), 0x10FFFF);
    else if (take_if(U"."))
      result.where.pad = take();
    for (result.control = take(); result.control == U't' || result.control == U'l'; result.control = take())
      (result.control == U't' ? result.unicode = true : result.strings = false);
    return result;
  }

  // -- printing ---

  std::u32string print(const control_sequence& what) {
    switch (what.control) {
    case U'w':
    case U'W':
    case U'p':
    case U'P':
      return print_term(what);
    case U's':
      return fit_string(characters_of(argument(), what.unicode), what.where);
    case U'e':
    case U'f':
    case U'g':
      return print_float(what);
    case U'b':
    case U'B':
    case U'x':
    case U'X':
    case U'+':
    case U'#':
      return print_integer(what);
    case U'c':
      return print_character(what);
    case U'~':
      return fit_character(U'~', what.where);
    case U'n':
      if (what.where.left)
        badarg();
      return std::u32string(what.where.width.value_or(1), U'\n');
    case U'i':
      argument();
      return {};
    default:
      badarg();
    }
  }

  std::u32string print_term(const control_sequence& what) {
    auto& value = argument();
    auto pretty = what.control == U'p' || what.control == U'P';
    auto style = term_style{what.unicode, pretty && what.strings};
    if (what.control == U'W' || what.control == U'P') {
      auto* depth = argument().get_if<std::int64_t>();
      if (!depth)
        badarg();
      style.depth = std::clamp(*depth, -max_depth, max_depth); // negative for no limit
    }
    if (pretty && what.where.left)
      badarg();
    auto text = wide(term_text(value, style));
    return pretty ? text : fit_term(std::move(text), what.where);
  }

  std::u32string print_float(const control_sequence& what) {
    auto* value = argument().get_if<double>();
    if (!value)
      badarg();
    auto precision = what.where.precision.value_or(6);
    auto text = what.control == U'e' ? scientific_text(*value, precision)
              : what.control == U'f' ? fixed_text(*value, precision)
                                     : general_text(*value, precision);
    auto where = what.where;
    where.precision.reset();
    return fit_term(wide(text), where);
  }

  std::u32string print_integer(const control_sequence& what) {
    auto& value = argument();
    auto base = what.where.precision.value_or(10);
    auto number = digits_of(value, base);
    auto prefix = std::u32string{};
    if (what.control == U'x' || what.control == U'X')
      prefix = characters_of_prefix(argument());
    else if (what.control == U'+' || what.control == U'#')
      prefix = wide(std::to_string(base) + '#');
    auto lower = what.control == U'b' || what.control == U'x' || what.control == U'+';
    auto digits = wide(number.digits);
    if (lower)
      for (auto& c : digits)
        c = c >= U'A' && c <= U'Z' ? c - U'A' + U'a' : c;
    auto where = what.where;
    where.precision.reset();
    return fit_term((number.negative ? U"-" : U"") + prefix + digits, where);
  }

  static std::u32string characters_of_prefix(const peer::term& data) {
    auto result = std::u32string{};
    if (auto* name = data.get_if<peer::atom>())
      return wide(name->name());
    append_prefix(result, data);
    return result;
  }

  /// A nested list of characters, without binaries.
  static void append_prefix(std::u32string& out, const peer::term& data) {
    auto* parts = data.get_if<peer::erl::list>();
    if (!parts)
      badarg();
    for_each_part(*parts, [&out](const peer::term& part, bool is_tail) {
      if (is_tail)
        badarg();
      out += to_character(part, 0x10FFFF);
    });
  }

  std::u32string print_character(const control_sequence& what) {
    auto& value = argument();
    if (what.unicode)
      return fit_character(to_character(value, 0x10FFFF), what.where);
    auto* code = value.get_if<std::int64_t>();
    if (!code)
      badarg();
    return fit_character(static_cast<char32_t>(*code & 0xFF), what.where);
  }

  std::u32string_view text_;
  std::span<const peer::term> arguments_;
};

} // namespace

std::u32string format(const peer::term& text, const peer::term& arguments) {
  auto* list = arguments.get_if<peer::erl::list>();
  if (!list || !list->proper())
    badarg();
  auto characters = characters_of_format(text);
  return formatter{characters, {list->begin(), list->end()}}.run();
}

} // namespace peer_node
