// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/utf8.hpp"
#include "peer/detail/limits.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "term/text/scanner.hpp"
#include "term/text/segment.hpp"

#include "caf/expected.hpp"

namespace peer {

namespace {

// Recursive descent. A function that returns bool has consumed what it read, or has noted an error: then the current
// token is one that nothing accepts.
class parser {
public:
  explicit parser(std::string_view text) : scanner_(text) { advance(); }

  bool parse_value(term& result);

  /// Reads one or more terms with commas in between.
  bool parse_elements(std::vector<term>& result);

  bool parse_atom(atom& result, std::string_view what);

  /// Passes over `symbol` if it is next.
  bool accept(std::string_view symbol);

  /// Skips `symbol`. `what` lists everything that is accepted here.
  bool expect(std::string_view symbol, std::string_view what);

  bool at_end() const {
    return current_.kind == internal::text::token::type::end || current_.kind == internal::text::token::type::stop;
  }

  /// Reads the optional full stop and the end of the text.
  bool parse_end(std::string_view what);

  const caf::error& error() const { return scanner_.error(); }

private:
  void advance();
  bool fail_expecting(std::string_view what);

  bool parse_nested(term& result, bool (parser::*parse)(term&));
  bool parse_signed(term& result);
  bool parse_string(term& result);
  bool parse_list(term& result);
  bool parse_tuple(term& result);
  bool parse_map(term& result);
  bool parse_parentheses(term& result);
  bool parse_fun(term& result);
  bool parse_binary(term& result);
  bool parse_segment(internal::text::bit_builder& out);
  bool parse_segment_layout(internal::text::segment_layout& result);
  bool parse_integer(std::uint64_t& result, std::uint64_t least, std::uint64_t most, std::string_view what);

  internal::text::scanner scanner_;
  internal::text::token current_;
  detail::term_limits limits_;
  std::size_t depth_ = 0;
  std::size_t bits_left_ = limits_.max_inflated * 8;
};

std::string describe(const internal::text::token& found) {
  constexpr auto max_characters = 32;
  switch (found.kind) {
  case internal::text::token::type::end:
    return "the end of the text";
  case internal::text::token::type::stop:
    return "a full stop";
  case internal::text::token::type::word: {
    auto text = std::string_view{found.text};
    auto first = internal::base::take_utf8(text).value_or(0);
    return (first >= 'a' && first <= 'z' ? "the reserved word '" : "the variable '") + found.text + "'";
  }
  default: {
    auto rest = found.source;
    for (auto i = 0; i < max_characters && internal::base::take_utf8(rest);)
      ++i;
    auto shown = found.source.substr(0, found.source.size() - rest.size());
    return '\'' + std::string{shown} + (rest.empty() ? "'" : "...'");
  }
  }
}

// -- tokens -----------------------------------------------------------------------------------------------------------

void parser::advance() {
  if (!scanner_.next(current_)) {
    current_ = internal::text::token{};
    current_.kind = internal::text::token::type::symbol;
  }
}

bool parser::fail_expecting(std::string_view what) {
  return scanner_.fail(current_.position, "expected " + std::string{what} + ", found " + describe(current_));
}

bool parser::accept(std::string_view symbol) {
  if (!current_.is_symbol(symbol))
    return false;
  advance();
  return true;
}

bool parser::expect(std::string_view symbol, std::string_view what) {
  return accept(symbol) || fail_expecting(what);
}

bool parser::parse_end(std::string_view what) {
  if (current_.kind == internal::text::token::type::stop) {
    advance();
    return current_.kind == internal::text::token::type::end || fail_expecting("the end of the text");
  }
  return current_.kind == internal::text::token::type::end || fail_expecting(what);
}

// -- values -----------------------------------------------------------------------------------------------------------

bool parser::parse_value(term& result) {
  switch (current_.kind) {
  case internal::text::token::type::number:
    result = std::move(current_.value);
    advance();
    return true;
  case internal::text::token::type::name:
    result = atom{std::move(current_.text)};
    advance();
    return true;
  case internal::text::token::type::string:
    return parse_string(result);
  case internal::text::token::type::word:
    return current_.text == "fun" ? parse_fun(result) : fail_expecting("a term");
  case internal::text::token::type::symbol:
    break;
  case internal::text::token::type::stop:
  case internal::text::token::type::end:
    return fail_expecting("a term");
  }
  if (current_.is_symbol("-") || current_.is_symbol("+"))
    return parse_signed(result);
  if (current_.is_symbol("["))
    return parse_nested(result, &parser::parse_list);
  if (current_.is_symbol("{"))
    return parse_nested(result, &parser::parse_tuple);
  if (current_.is_symbol("#"))
    return parse_nested(result, &parser::parse_map);
  if (current_.is_symbol("<<"))
    return parse_nested(result, &parser::parse_binary);
  if (current_.is_symbol("("))
    return parse_nested(result, &parser::parse_parentheses);
  return fail_expecting("a term");
}

bool parser::parse_nested(term& result, bool (parser::*parse)(term&)) {
  if (depth_ == limits_.max_depth)
    return scanner_.fail(current_.position, "more than " + std::to_string(limits_.max_depth) + " levels of nesting");
  ++depth_;
  advance(); // over the symbol that opens the container
  auto done = (this->*parse)(result);
  --depth_;
  return done;
}

bool parser::parse_elements(std::vector<term>& result) {
  do {
    if (!parse_value(result.emplace_back()))
      return false;
  } while (accept(","));
  return true;
}

bool parser::parse_signed(term& result) {
  auto negative = current_.is_symbol("-");
  advance();
  if (current_.kind != internal::text::token::type::number)
    return fail_expecting("a number after the sign");
  result = std::move(current_.value);
  advance();
  if (!negative)
    return true;
  if (auto* small = result.get_if<std::int64_t>())
    result = -*small; // a token has no sign
  else if (auto* real = result.get_if<double>())
    result = -*real;
  else
    result = erl::big_integer{true, result.get_if<erl::big_integer>()->magnitude()};
  return true;
}

// Literals side by side are one string.
bool parser::parse_string(term& result) {
  auto characters = std::vector<term>{};
  for (; current_.kind == internal::text::token::type::string; advance())
    for (auto c : current_.characters)
      characters.emplace_back(static_cast<std::int64_t>(c));
  result = erl::list{std::move(characters)};
  return true;
}

bool parser::parse_list(term& result) {
  auto elements = std::vector<term>{};
  auto tail = term{};
  if (!accept("]")) {
    if (!parse_elements(elements))
      return false;
    auto improper = accept("|");
    if (improper && !parse_value(tail))
      return false;
    if (!expect("]", improper ? "']'" : "',', '|' or ']'"))
      return false;
  }
  result = erl::list::cons(std::move(elements), std::move(tail));
  return true;
}

bool parser::parse_tuple(term& result) {
  auto elements = std::vector<term>{};
  if (!accept("}") && !(parse_elements(elements) && expect("}", "',' or '}'")))
    return false;
  result = erl::tuple{std::move(elements)};
  return true;
}

bool parser::parse_map(term& result) {
  if (!expect("{", "'{' after '#' (pids, ports, references and opaque terms cannot be read)"))
    return false;
  auto entries = std::vector<erl::map::value_type>{};
  if (!accept("}")) {
    do {
      auto& [key, value] = entries.emplace_back();
      if (!parse_value(key) || !expect("=>", "'=>'") || !parse_value(value))
        return false;
    } while (accept(","));
    if (!expect("}", "',' or '}'"))
      return false;
  }
  result = erl::map{std::move(entries)};
  return true;
}

bool parser::parse_parentheses(term& result) {
  return parse_value(result) && expect(")", "')'");
}

bool parser::parse_atom(atom& result, std::string_view what) {
  if (current_.kind != internal::text::token::type::name)
    return fail_expecting(what);
  result = atom{std::move(current_.text)};
  advance();
  return true;
}

bool parser::parse_fun(term& result) {
  advance();
  auto fun = erl::export_fun{};
  auto arity = std::uint64_t{0};
  if (!parse_atom(fun.module, "the name of a module after 'fun'") || !expect(":", "':'")
      || !parse_atom(fun.function, "the name of a function") || !expect("/", "'/'")
      || !parse_integer(arity, 0, 255, "an arity from 0 to 255"))
    return false;
  fun.arity = static_cast<std::uint8_t>(arity);
  result = std::move(fun);
  return true;
}

bool parser::parse_integer(std::uint64_t& result, std::uint64_t least, std::uint64_t most, std::string_view what) {
  auto* small = current_.kind == internal::text::token::type::number ? current_.value.get_if<std::int64_t>() : nullptr;
  if (!small || static_cast<std::uint64_t>(*small) < least || static_cast<std::uint64_t>(*small) > most)
    return fail_expecting(what);
  result = static_cast<std::uint64_t>(*small);
  advance();
  return true;
}

// -- binaries ---------------------------------------------------------------------------------------------------------

bool parser::parse_binary(term& result) {
  auto builder = internal::text::bit_builder{};
  if (!accept(">>")) {
    do {
      if (!parse_segment(builder))
        return false;
    } while (accept(","));
    if (!expect(">>", "',' or '>>'"))
      return false;
  }
  result = builder.take();
  return true;
}

bool parser::parse_segment(internal::text::bit_builder& out) {
  auto start = current_.position;
  auto literal = current_.kind == internal::text::token::type::string;
  auto value = term{};
  auto layout = internal::text::segment_layout{};
  if (!parse_value(value) || !parse_segment_layout(layout))
    return false;
  auto append = [&](const term& part) {
    auto before = out.size_in_bits();
    if (auto failure = internal::text::append_segment(out, part, layout, bits_left_))
      return scanner_.fail(start, *failure);
    bits_left_ -= out.size_in_bits() - before;
    return true;
  };
  if (!literal)
    return append(value);
  // A literal stands for its characters, each of which has that layout.
  for (const auto& character : *value.get_if<erl::list>())
    if (!append(character))
      return false;
  return true;
}

bool parser::parse_segment_layout(internal::text::segment_layout& result) {
  constexpr auto max_size = static_cast<std::uint64_t>(INT64_MAX);
  if (accept(":") && !parse_integer(result.size.emplace(), 0, max_size, "the size of a segment"))
    return false;
  if (!accept("/"))
    return true;
  do {
    auto where = current_.position;
    auto name = atom{};
    if (!parse_atom(name, "the type of a segment"))
      return false;
    if (name == "unit") {
      if (!expect(":", "':' after 'unit'") || !parse_integer(result.unit.emplace(), 1, 256, "a unit from 1 to 256"))
        return false;
    } else if (auto failure = internal::text::set_segment_type(result, name.name())) {
      return scanner_.fail(where, *failure);
    }
  } while (accept("-"));
  return true;
}

} // namespace

// -- entry points -----------------------------------------------------------------------------------------------------

caf::expected<term> parse_term(std::string_view text) {
  auto source = parser{text};
  auto result = term{};
  if (!source.parse_value(result) || !source.parse_end("a full stop or the end of the text"))
    return source.error();
  return result;
}

caf::expected<std::vector<term>> parse_terms(std::string_view text) {
  auto source = parser{text};
  auto result = std::vector<term>{};
  if ((!source.at_end() && !source.parse_elements(result)) || !source.parse_end("',' or the end of the text"))
    return source.error();
  return result;
}

caf::expected<call_expression> parse_call(std::string_view text) {
  auto source = parser{text};
  auto result = call_expression{};
  if (!source.parse_atom(result.module, "the name of a module") || !source.expect(":", "':'")
      || !source.parse_atom(result.function, "the name of a function") || !source.expect("(", "'('"))
    return source.error();
  if (!source.accept(")") && !(source.parse_elements(result.arguments) && source.expect(")", "',' or ')'")))
    return source.error();
  if (!source.parse_end("a full stop or the end of the text"))
    return source.error();
  return result;
}

} // namespace peer
