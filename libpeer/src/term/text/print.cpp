// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "term/text/print.hpp"

#include "base/utf8.hpp"
#include "peer/detail/small_stack.hpp"
#include "term/text/syntax.hpp"
#include "term/value/elements.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>

namespace peer {

namespace {

// -- characters -------------------------------------------------------------------------------------------------------

/// The size of a text that is complete, however long it is.
constexpr auto unlimited = std::numeric_limits<std::size_t>::max();

constexpr auto replacement_character = char32_t{0xFFFD};

// What io_lib:printable_unicode_list/1 accepts.
bool printable(std::uint64_t c) {
  if (c < 0x20)
    return (c >= '\b' && c <= '\r') || c == 0x1B;
  return c <= 0x7E || (c >= 0xA0 && c < 0xD800) || (c > 0xDFFF && c < 0xFFFE) || (c > 0xFFFF && c <= 0x10FFFF);
}

// What io_lib:write_string/2 does: control characters are escaped, all others stand for themselves.
void print_character(std::string& out, char32_t c, char quote) {
  static constexpr auto escapes = std::string_view{"\b\t\n\v\f\r\x1B\x7F"};
  static constexpr auto letters = std::string_view{"btnvfred"};
  if (c == static_cast<char32_t>(quote) || c == '\\') {
    out += '\\';
    out += static_cast<char>(c);
  } else if ((c >= 0x20 && c <= 0x7E) || c >= 0xA0) {
    internal::base::append_utf8(out, c);
  } else if (auto index = escapes.find(static_cast<char>(c)); c < 0x80 && index != std::string_view::npos) {
    out += '\\';
    out += letters[index];
  } else {
    out += '\\';
    for (auto shift : {6, 3, 0})
      out += static_cast<char>('0' + (c >> shift & 7));
  }
}

/// Stops when `out` has more bytes than `limit`.
void print_quoted(std::string& out, std::string_view text, char quote, std::size_t limit = unlimited) {
  out += quote;
  while (!text.empty() && out.size() <= limit) {
    auto c = internal::base::take_utf8(text);
    if (!c)
      text.remove_prefix(1);
    print_character(out, c.value_or(replacement_character), quote);
  }
  out += quote;
}

// -- atoms ------------------------------------------------------------------------------------------------------------

bool needs_quotes(std::string_view name) {
  if (internal::text::reserved(name) || internal::text::reserved_by_maybe(name))
    return true;
  auto first = internal::base::take_utf8(name);
  if (!first || !internal::text::lower_case(*first))
    return true;
  while (!name.empty())
    if (auto c = internal::base::take_utf8(name); !c || !internal::text::name_character(*c))
      return true;
  return false;
}

void print_atom(std::string& out, const atom& value) {
  if (needs_quotes(value.name()))
    print_quoted(out, value.name(), '\'');
  else
    out += value.name();
}

// -- numbers ----------------------------------------------------------------------------------------------------------

template <class T>
void print_number(std::string& out, T value) {
  auto buffer = std::array<char, 24>{};
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value).ptr;
  out.append(buffer.data(), end);
}

// `digits` times 10^`exponent`, with the point after the first digit.
std::string scientific(std::string_view digits, int exponent) {
  auto result = std::string{digits.substr(0, 1)} + '.';
  result += digits.size() > 1 ? digits.substr(1) : "0";
  return result + 'e' + std::to_string(exponent);
}

std::string decimal(std::string_view digits, int exponent) {
  if (exponent < 0)
    return "0." + std::string(static_cast<std::size_t>(-exponent - 1), '0').append(digits);
  auto whole = static_cast<std::size_t>(exponent) + 1;
  if (digits.size() <= whole)
    return std::string{digits}.append(whole - digits.size(), '0') + ".0";
  return std::string{digits.substr(0, whole)} + '.' + std::string{digits.substr(whole)};
}

// The fewest digits that give the value back, as float_to_list(Float, [short]) does: the shorter of the two notations,
// and the scientific one from 2^53 on, where not every integer is a float.
void print_real(std::string& out, double value) {
  auto buffer = std::array<char, 32>{};
  auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::scientific).ptr;
  auto text = std::string_view{buffer.data(), static_cast<std::size_t>(end - buffer.data())};
  if (!std::isfinite(value)) {
    out += text; // not an Erlang value; printed for diagnosis
    return;
  }
  if (text[0] == '-') {
    out += '-';
    text.remove_prefix(1);
  }
  auto mark = text.find('e');
  auto digits = std::string{text.substr(0, mark)};
  if (digits.size() > 1)
    digits.erase(1, 1);
  auto exponent = 0;
  auto* sign = text.data() + mark + 1;
  std::from_chars(*sign == '+' ? sign + 1 : sign, end, exponent);
  auto result = scientific(digits, exponent);
  if (std::abs(value) < 9007199254740992.0 && exponent > -30)
    if (auto plain = decimal(digits, exponent); plain.size() <= result.size())
      result = std::move(plain);
  out += result;
}

// -- binaries ---------------------------------------------------------------------------------------------------------

bool printable_text(std::string_view text) {
  while (!text.empty())
    if (auto c = internal::base::take_utf8(text); !c || !printable(*c))
      return false;
  return true;
}

/// Stops when `out` has more bytes than `limit`.
void print_bits(std::string& out, const erl::bitstring& value, std::size_t limit) {
  out += "<<";
  auto bytes = std::string_view{value.bytes};
  if (value.unused_bits == 0 && !bytes.empty() && printable_text(bytes)) {
    print_quoted(out, bytes, '"', limit);
    if (std::any_of(bytes.begin(), bytes.end(), [](char c) { return static_cast<unsigned char>(c) >= 0x80; }))
      out += "/utf8";
  } else {
    for (std::size_t i = 0; i < bytes.size() && out.size() <= limit; ++i) {
      if (i > 0)
        out += ',';
      auto byte = static_cast<unsigned>(static_cast<unsigned char>(bytes[i]));
      if (i + 1 == bytes.size() && value.unused_bits != 0) {
        print_number(out, byte >> value.unused_bits);
        out += ':';
        byte = 8u - value.unused_bits;
      }
      print_number(out, byte);
    }
  }
  out += ">>";
}

// -- terms ------------------------------------------------------------------------------------------------------------

/// Longer integers (their absolute values) are not printed where the size of the text is limited: it takes more than
/// linear time, and nobody reads them.
constexpr std::size_t max_integer_bytes = 64;

/// Prints without recursion: the containers around the current element are on a stack. Stops soon after the text has
/// become longer than `limit`.
class printer {
public:
  explicit printer(std::string& out, std::size_t limit = unlimited) : out_(out), limit_(limit) {}

  void print(const term& value) {
    detail::term_storage::visit(value, *this);
    while (!open_.empty() && !full()) {
      auto& innermost = open_.back();
      if (auto* next = innermost.rest.next()) {
        print_separator(innermost, *next);
        detail::term_storage::visit(*next, *this);
      } else {
        out_ += innermost.closing;
        open_.pop_back();
      }
    }
  }

  void operator()(std::int64_t value) { print_number(out_, value); }
  void operator()(double value) { print_real(out_, value); }
  void operator()(const atom& value) { print_atom(out_, value); }
  void operator()(const erl::bitstring& value) { print_bits(out_, value, limit_); }

  void operator()(const erl::list& value) {
    if (!value.empty() && value.proper() && std::all_of(value.begin(), value.end(), is_printable))
      return print_string(value);
    out_ += '[';
    open_.push_back({internal::value::elements{value}, value.tail(), 0, false, ']'});
  }

  void operator()(const erl::tuple& value) {
    out_ += '{';
    open_.push_back({internal::value::elements{value}, nullptr, 0, false, '}'});
  }

  void operator()(const erl::map& value) {
    out_ += "#{";
    open_.push_back({internal::value::elements{value}, nullptr, 0, true, '}'});
  }

  void operator()(const erl::big_integer& value) {
    auto bytes = value.magnitude().size();
    if (limit_ == unlimited || bytes <= max_integer_bytes)
      out_ += value.to_string();
    else
      print_size("#Integer<", bytes);
  }

  void operator()(const pid& value) {
    print_identifier("#Pid<", value.node);
    print_part(value.id);
    print_part(value.serial);
    out_ += '>';
  }

  void operator()(const erl::port& value) {
    print_identifier("#Port<", value.node);
    print_part(value.id);
    out_ += '>';
  }

  // The most significant number first, as Erlang prints them.
  void operator()(const erl::reference& value) {
    print_identifier("#Ref<", value.node);
    std::for_each(value.ids.rbegin(), value.ids.rend(), [this](auto id) { print_part(id); });
    out_ += '>';
  }

  void operator()(const erl::export_fun& value) {
    out_ += "fun ";
    print_atom(out_, value.module);
    out_ += ':';
    print_atom(out_, value.function);
    out_ += '/';
    print_number(out_, unsigned{value.arity});
  }

  void operator()(const erl::opaque& value) { print_size("#Opaque<", value.encoded.size()); }

private:
  /// A container that is not finished.
  struct open_container {
    internal::value::elements rest;
    const term* tail; ///< Of an improper list, else null.
    std::size_t printed;
    bool is_map;
    char closing;
  };

  bool full() const noexcept { return out_.size() > limit_; }

  void print_size(std::string_view prefix, std::size_t bytes) {
    out_ += prefix;
    print_number(out_, bytes);
    out_ += " bytes>";
  }

  void print_separator(open_container& innermost, const term& next) {
    auto index = innermost.printed++;
    if (innermost.is_map && index % 2 == 1)
      out_ += " => ";
    else if (&next == innermost.tail)
      out_ += '|';
    else if (index > 0)
      out_ += ',';
  }

  static bool is_printable(const term& element) {
    auto* value = element.get_if<std::int64_t>();
    return value && *value >= 0 && printable(static_cast<std::uint64_t>(*value));
  }

  void print_string(const erl::list& characters) {
    out_ += '"';
    for (const auto& character : characters) {
      if (full())
        return;
      print_character(out_, static_cast<char32_t>(*character.get_if<std::int64_t>()), '"');
    }
    out_ += '"';
  }

  void print_identifier(std::string_view prefix, const atom& node) {
    out_ += prefix;
    print_atom(out_, node);
  }

  template <class T>
  void print_part(T value) {
    out_ += '.';
    print_number(out_, value);
  }

  std::string& out_;
  std::size_t limit_;
  detail::small_stack<open_container, 4> open_;
};

} // namespace

std::string to_string(const term& value) {
  auto result = std::string{};
  printer{result}.print(value);
  return result;
}

std::string internal::text::print_limited(const term& value, std::size_t limit) {
  constexpr auto mark = std::string_view{"…"};
  auto result = std::string{};
  printer{result, limit}.print(value);
  if (result.size() <= limit)
    return result;
  auto end = limit - std::min(limit, mark.size());
  while (end > 0 && (static_cast<unsigned char>(result[end]) & 0xC0) == 0x80) // inside of a character
    --end;
  result.resize(end);
  return result += mark;
}

term to_charlist(std::string_view text) {
  auto codes = std::vector<term>{};
  while (!text.empty()) {
    if (auto code = internal::base::take_utf8(text)) {
      codes.emplace_back(static_cast<std::uint32_t>(*code));
    } else {
      codes.emplace_back(static_cast<unsigned char>(text.front()));
      text.remove_prefix(1);
    }
  }
  return erl::list{std::move(codes)};
}

std::string to_string(const atom& value) {
  auto result = std::string{};
  print_atom(result, value);
  return result;
}

} // namespace peer
