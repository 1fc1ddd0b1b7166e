// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include "caf/error.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace peer::internal::text {

/// A place in a text, counted from 1. Columns are characters.
struct text_position {
  std::size_t line = 1;
  std::size_t column = 1;
};

/// The smallest unit of Erlang's syntax.
struct token {
  enum class type : std::uint8_t {
    number, ///< an integer, a character or a float, in `value`
    name,   ///< an atom, in `text`
    string, ///< a string literal, in `characters`
    word,   ///< a reserved word or a variable, in `text`
    symbol, ///< punctuation
    stop,   ///< the full stop
    end,    ///< of the text
  };

  type kind = type::end;
  text_position position;
  std::string_view source; ///< How the token is written.
  term value;
  std::string text;
  std::u32string characters;

  bool is_symbol(std::string_view symbol) const noexcept { return kind == type::symbol && source == symbol; }
};

/// Splits Erlang's syntax into tokens, as `erl_scan` does. Of the operators that consist of several characters only
/// those that occur in terms are known: `<<`, `>>` and `=>`.
class scanner {
public:
  /// Reads `text`, UTF-8 that must outlive the scanner and its tokens.
  explicit scanner(std::string_view text) noexcept : rest_(text) {}

  /// Reads the next token. False after an error.
  bool next(token& result);

  /// Notes an error, unless there is one already. Always returns false.
  bool fail(text_position where, std::string_view what);

  const caf::error& error() const noexcept { return error_; }

private:
  bool fail_here(std::string_view what) { return fail(position_, what); }

  // -- characters ---

  bool at_end() const noexcept { return rest_.empty(); }

  /// Views the byte at `offset`, or 0 behind the end.
  char peek(std::size_t offset = 0) const noexcept { return offset < rest_.size() ? rest_[offset] : '\0'; }

  /// Views the next character. Empty at the end and at invalid UTF-8.
  std::optional<char32_t> peek_character() const noexcept;

  bool take(char32_t& result);
  void skip(std::size_t ascii_characters) noexcept;

  // -- tokens ---

  bool skip_blanks();
  bool scan_number(token& result);
  bool scan_based(token& result, std::string_view base_digits);
  bool scan_float(token& result, std::string digits);
  std::string take_digits(int base);
  bool scan_character(token& result);
  bool scan_quoted(token& result, char32_t quote);
  bool check_name(const token& name);
  bool scan_escape(char32_t& result);
  bool scan_hexadecimal(char32_t& result);

  std::string_view rest_;
  text_position position_;
  caf::error error_;
};

} // namespace peer::internal::text
