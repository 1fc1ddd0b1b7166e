// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/utf8.hpp"
#include "peer/detail/limits.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "term/text/scanner.hpp"
#include "term/text/segment.hpp"

#include "caf/expected.hpp"

#include <utility>

namespace peer {

namespace {

// A function that returns bool has consumed what it read, or has noted an error: then the current token is one that
// nothing accepts. Values are read without recursion: the brackets around the current one are on a stack.
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
  /// What the next value is for.
  enum class place : std::uint8_t { list, tail, tuple, key, mapped, parentheses, segment };

  /// A bracket that has not been closed.
  struct bracket {
    place next;
    std::vector<term> elements; ///< Those of a map: keys and values in turn.
  };

  /// A binary that has not been closed.
  struct open_binary {
    internal::text::bit_builder builder;
    internal::text::text_position segment; ///< Where the current segment starts.
    bool is_literal = false;               ///< Whether its value is a string literal.
  };

  void advance();
  bool fail_expecting(std::string_view what);

  // Each of these sets `done` if a value is complete, which `value` then holds; else another one is next.

  bool begin_value(term& value, bool& done);
  bool begin_container(term& value, bool& done);
  bool open(place next, std::string_view closing, term empty, term& value, bool& done);
  bool add(term& value, bool& done);
  bool add_to_map(bracket& innermost, term& value, bool& done);
  bool add_to_binary(term& value, bool& done);
  void begin_segment();

  bool parse_signed(term& result);
  bool parse_string(term& result);
  bool parse_fun(term& result);
  bool append_segment(const term& value);
  bool parse_segment_layout(internal::text::segment_layout& result);
  bool parse_integer(std::uint64_t& result, std::uint64_t least, std::uint64_t most, std::string_view what);

  internal::text::scanner scanner_;
  internal::text::token current_;
  std::vector<bracket> brackets_;
  std::vector<open_binary> binaries_;
  std::size_t bits_left_ = detail::term_limits{}.max_inflated * 8;
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
  auto value = term{};
  for (;;) {
    auto done = false;
    if (!begin_value(value, done))
      return false;
    while (done && !brackets_.empty())
      if (!add(value, done))
        return false;
    if (done) {
      result = std::move(value);
      return true;
    }
  }
}

bool parser::begin_value(term& value, bool& done) {
  done = true;
  switch (current_.kind) {
  case internal::text::token::type::number:
    value = std::move(current_.value);
    advance();
    return true;
  case internal::text::token::type::name:
    value = atom{std::move(current_.text)};
    advance();
    return true;
  case internal::text::token::type::string:
    return parse_string(value);
  case internal::text::token::type::word:
    return current_.text == "fun" ? parse_fun(value) : fail_expecting("a term");
  case internal::text::token::type::symbol:
    break;
  case internal::text::token::type::stop:
  case internal::text::token::type::end:
    return fail_expecting("a term");
  }
  if (current_.is_symbol("-") || current_.is_symbol("+"))
    return parse_signed(value);
  return begin_container(value, done);
}

bool parser::begin_container(term& value, bool& done) {
  if (accept("["))
    return open(place::list, "]", erl::list{}, value, done);
  if (accept("{"))
    return open(place::tuple, "}", erl::tuple{}, value, done);
  if (accept("#"))
    return expect("{", "'{' after '#' (pids, ports, references and opaque terms cannot be read)")
        && open(place::key, "}", erl::map{}, value, done);
  if (accept("("))
    return open(place::parentheses, "", term{}, value, done);
  if (!accept("<<"))
    return fail_expecting("a term");
  if (!open(place::segment, ">>", erl::bitstring{}, value, done) || done)
    return true;
  binaries_.emplace_back();
  begin_segment();
  return true;
}

/// Opens a bracket, unless `closing` follows at once.
bool parser::open(place next, std::string_view closing, term empty, term& value, bool& done) {
  auto inner = bracket{next, {}};
  // A list that is the tail of another one continues that: to put them together later would copy the elements again for
  // each tail of a tail.
  if (!brackets_.empty() && (next == place::list || next == place::parentheses))
    if (auto& outer = brackets_.back(); outer.next == place::tail || outer.next == place::parentheses)
      inner.elements = std::exchange(outer.elements, {});
  done = !closing.empty() && accept(closing);
  if (!done)
    brackets_.push_back(std::move(inner));
  else
    value = inner.elements.empty() ? std::move(empty) : term{erl::list{std::move(inner.elements)}};
  return true;
}

/// Puts a value where the innermost bracket needs it. `value` becomes that of the bracket if that ends there.
bool parser::add(term& value, bool& done) {
  auto& innermost = brackets_.back();
  auto& elements = innermost.elements;
  switch (innermost.next) {
  case place::list:
    elements.push_back(std::move(value));
    done = false;
    if (accept(","))
      return true;
    if (accept("|")) {
      innermost.next = place::tail;
      return true;
    }
    if (!expect("]", "',', '|' or ']'"))
      return false;
    value = erl::list{std::move(elements)};
    break;
  case place::tail:
    if (!expect("]", "']'"))
      return false;
    value = erl::list::cons(std::move(elements), std::move(value));
    break;
  case place::parentheses:
    if (!expect(")", "')'"))
      return false;
    value = erl::list::cons(std::move(elements), std::move(value));
    break;
  case place::tuple:
    elements.push_back(std::move(value));
    done = false;
    if (accept(","))
      return true;
    if (!expect("}", "',' or '}'"))
      return false;
    value = erl::tuple{std::move(elements)};
    break;
  case place::key:
  case place::mapped:
    return add_to_map(innermost, value, done);
  case place::segment:
    return add_to_binary(value, done);
  }
  done = true;
  brackets_.pop_back();
  return true;
}

bool parser::add_to_map(bracket& innermost, term& value, bool& done) {
  auto& elements = innermost.elements;
  elements.push_back(std::move(value));
  done = false;
  if (innermost.next == place::key) {
    innermost.next = place::mapped;
    return expect("=>", "'=>'");
  }
  innermost.next = place::key;
  if (accept(","))
    return true;
  if (!expect("}", "',' or '}'"))
    return false;
  auto entries = std::vector<erl::map::value_type>{};
  entries.reserve(elements.size() / 2);
  for (std::size_t i = 0; i < elements.size(); i += 2)
    entries.emplace_back(std::move(elements[i]), std::move(elements[i + 1]));
  value = erl::map{std::move(entries)};
  done = true;
  brackets_.pop_back();
  return true;
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

void parser::begin_segment() {
  binaries_.back().segment = current_.position;
  binaries_.back().is_literal = current_.kind == internal::text::token::type::string;
}

bool parser::add_to_binary(term& value, bool& done) {
  done = false;
  if (!append_segment(value))
    return false;
  if (accept(",")) {
    begin_segment();
    return true;
  }
  if (!expect(">>", "',' or '>>'"))
    return false;
  value = binaries_.back().builder.take();
  binaries_.pop_back();
  done = true;
  brackets_.pop_back();
  return true;
}

/// Reads the layout of a segment with that value.
bool parser::append_segment(const term& value) {
  auto& [out, start, is_literal] = binaries_.back();
  auto layout = internal::text::segment_layout{};
  if (!parse_segment_layout(layout))
    return false;
  auto append = [&, &out = out, &start = start](const term& part) {
    auto before = out.size_in_bits();
    if (auto failure = internal::text::append_segment(out, part, layout, bits_left_))
      return scanner_.fail(start, *failure);
    bits_left_ -= out.size_in_bits() - before;
    return true;
  };
  if (!is_literal)
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
