// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "term/text/scanner.hpp"

#include "base/utf8.hpp"
#include "peer/error.hpp"
#include "term/text/syntax.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>

namespace peer::internal::text {

namespace {

int digit_value(char c) {
  if (c >= '0' && c <= '9')
    return c - '0';
  if (c >= 'a' && c <= 'z')
    return c - 'a' + 10;
  if (c >= 'A' && c <= 'Z')
    return c - 'A' + 10;
  return 36;
}

bool is_digit(char c, int base = 10) {
  return digit_value(c) < base;
}

// Whether a number that is out of the range of floats is so because it is tiny: whether it is below 1.
bool tiny(std::string_view number) {
  auto mark = std::min(number.find_first_of("eE"), number.size());
  auto point = static_cast<std::int64_t>(number.find('.'));
  auto first = static_cast<std::int64_t>(number.find_first_of("123456789"));
  auto exponent = std::int64_t{0};
  if (mark < number.size()) {
    auto digits = number.substr(mark + 1);
    auto result = std::from_chars(digits.data(), digits.data() + digits.size(), exponent);
    if (result.ec != std::errc{})
      return digits.front() == '-';
  }
  return first < point ? exponent < first - point + 1 : exponent < first - point;
}

} // namespace

// -- errors -----------------------------------------------------------------------------------------------------------

bool scanner::fail(text_position where, std::string_view what) {
  if (!error_) {
    auto text = "line " + std::to_string(where.line) + ", column " + std::to_string(where.column) + ": ";
    text += what;
    error_ = peer::fail(errc::bad_syntax, std::move(text));
  }
  return false;
}

// -- characters -------------------------------------------------------------------------------------------------------

std::optional<char32_t> scanner::peek_character() const noexcept {
  auto text = rest_;
  return base::take_utf8(text);
}

bool scanner::take(char32_t& result) {
  if (at_end())
    return fail_here("unexpected end of the text");
  auto c = base::take_utf8(rest_);
  if (!c)
    return fail_here("invalid UTF-8");
  result = *c;
  if (result == '\n') {
    ++position_.line;
    position_.column = 1;
  } else {
    ++position_.column;
  }
  return true;
}

void scanner::skip(std::size_t ascii_characters) noexcept {
  rest_.remove_prefix(ascii_characters);
  position_.column += ascii_characters;
}

// -- tokens -----------------------------------------------------------------------------------------------------------

bool scanner::next(token& result) {
  if (!skip_blanks())
    return false;
  result = token{};
  result.position = position_;
  auto start = rest_;
  auto done = [&](token::type kind) {
    result.kind = kind;
    result.source = start.substr(0, start.size() - rest_.size());
    return true;
  };
  if (at_end())
    return done(token::type::end);
  if (is_digit(peek()))
    return scan_number(result) && done(token::type::number);
  auto c = char32_t{};
  if (!take(c))
    return false;
  if (c == '$')
    return scan_character(result) && done(token::type::number);
  if (c == '"')
    return scan_quoted(result, c) && done(token::type::string);
  if (c == '\'') {
    if (!scan_quoted(result, c))
      return false;
    for (auto character : result.characters)
      base::append_utf8(result.text, character);
    return check_name(result) && done(token::type::name);
  }
  if (lower_case(c) || starts_variable(c)) {
    for (auto more = char32_t{}; name_character(peek_character().value_or(0));)
      take(more);
    result.text = start.substr(0, start.size() - rest_.size());
    if (starts_variable(c) || reserved(result.text))
      return done(token::type::word);
    return check_name(result) && done(token::type::name);
  }
  if (c == '.' && (at_end() || peek() == '%' || white_space(peek_character().value_or('.'))))
    return done(token::type::stop);
  if ((c == '<' && peek() == '<') || (c == '>' && peek() == '>') || (c == '=' && peek() == '>'))
    skip(1);
  return done(token::type::symbol);
}

bool scanner::skip_blanks() {
  auto comment = false;
  while (!at_end()) {
    auto c = peek_character();
    comment = c == '%' || (comment && c != '\n');
    if (c && !comment && !white_space(*c))
      return true;
    if (auto ignored = char32_t{}; !take(ignored))
      return false;
  }
  return true;
}

// -- numbers ----------------------------------------------------------------------------------------------------------

std::string scanner::take_digits(int base) {
  auto result = std::string{};
  while (is_digit(peek(), base)) {
    result += peek();
    skip(peek(1) == '_' && is_digit(peek(2), base) ? 2 : 1);
  }
  return result;
}

bool scanner::scan_number(token& result) {
  auto digits = take_digits(10);
  if (peek() == '.' && is_digit(peek(1)))
    return scan_float(result, std::move(digits));
  if (peek() == '#')
    return scan_based(result, digits);
  result.value = *erl::big_integer::parse(false, digits, 10);
  return true;
}

bool scanner::scan_based(token& result, std::string_view base_digits) {
  auto base = 0;
  std::from_chars(base_digits.data(), base_digits.data() + base_digits.size(), base); // stays 0 if it is too large
  if (base < 2 || base > 36)
    return fail(result.position, "expected a base from 2 to 36, found " + std::string{base_digits});
  skip(1);
  auto digits = take_digits(base);
  if (digits.empty())
    return fail_here("expected a digit of base " + std::to_string(base));
  result.value = *erl::big_integer::parse(false, digits, base);
  return true;
}

bool scanner::scan_float(token& result, std::string digits) {
  digits += '.';
  skip(1);
  digits += take_digits(10);
  if (peek() == 'e' || peek() == 'E') {
    digits += 'e';
    skip(1);
    if (peek() == '+' || peek() == '-') {
      if (peek() == '-') // from_chars does not accept a plus
        digits += '-';
      skip(1);
    }
    auto exponent = take_digits(10);
    if (exponent.empty())
      return fail_here("expected a digit of an exponent");
    digits += exponent;
  }
  auto value = 0.0;
  if (std::from_chars(digits.data(), digits.data() + digits.size(), value).ec != std::errc{} && !tiny(digits))
    return fail(result.position, "the number is too large for a float");
  result.value = value;
  return true;
}

// -- characters and names ---------------------------------------------------------------------------------------------

bool scanner::scan_character(token& result) {
  auto c = char32_t{};
  if (!take(c) || (c == '\\' && !scan_escape(c)))
    return false;
  result.value = static_cast<std::int64_t>(c);
  return true;
}

bool scanner::scan_quoted(token& result, char32_t quote) {
  for (;;) {
    if (at_end())
      return fail(result.position, quote == '"' ? "the string has no end" : "the quoted atom has no end");
    auto c = char32_t{};
    if (!take(c))
      return false;
    if (c == quote)
      return true;
    if (c == '\\' && !scan_escape(c))
      return false;
    result.characters += c;
  }
}

bool scanner::check_name(const token& name) {
  return base::valid_atom(name.text) || fail(name.position, "an atom has at most 255 characters");
}

bool scanner::scan_escape(char32_t& result) {
  static constexpr auto letters = std::u32string_view{U"nrtvbfesd"};
  static constexpr auto codes = std::u32string_view{U"\n\r\t\v\b\f\x1B \x7F"};
  if (is_digit(peek(), 8)) {
    result = 0;
    for (auto count = 0; count < 3 && is_digit(peek(), 8); ++count, skip(1))
      result = result * 8 + static_cast<char32_t>(peek() - '0');
    return true;
  }
  if (!take(result))
    return false;
  if (result == 'x')
    return scan_hexadecimal(result);
  if (result == '^') {
    if (!take(result))
      return false;
    // As erl_scan: the low bits of whatever follows, except that a line feed stands for itself.
    result = result == '\n' ? result : result & 31;
  } else if (auto index = letters.find(result); index != std::u32string_view::npos) {
    result = codes[index];
  }
  return true;
}

// Behind `\x`: two digits, or any number of them in braces.
bool scanner::scan_hexadecimal(char32_t& result) {
  auto braces = peek() == '{';
  if (braces)
    skip(1);
  auto code = std::uint32_t{0};
  auto count = 0;
  for (; (braces || count < 2) && is_digit(peek(), 16); ++count, skip(1))
    code = code <= 0x10FFFF ? code * 16 + static_cast<std::uint32_t>(digit_value(peek())) : code;
  if (count == 0 || (!braces && count < 2))
    return fail_here(braces ? "expected a hexadecimal digit" : "expected two hexadecimal digits");
  if (braces && peek() != '}')
    return fail_here("expected a hexadecimal digit or '}'");
  if (auto encoded = std::string{}; !base::append_utf8(encoded, code))
    return fail_here("the number is not a Unicode character");
  if (braces)
    skip(1);
  result = code;
  return true;
}

} // namespace peer::internal::text
