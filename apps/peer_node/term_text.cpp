// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "term_text.hpp"
#include "peer/term.hpp"
#include "utf8.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <string_view>
#include <vector>

namespace peer_node {

namespace {

// -- characters -------------------------------------------------------------------------------------------------------

constexpr auto highest_latin1 = char32_t{0xFF};

// io_lib:printable_unicode_list/1 and io_lib:printable_latin1_list/1.
bool printable(std::int64_t c, bool unicode) {
  if (c < 0x20)
    return (c >= '\b' && c <= '\r') || c == 0x1B;
  if (c <= 0x7E || (c >= 0xA0 && c <= std::int64_t{highest_latin1}))
    return true;
  return unicode && ((c > highest_latin1 && c < 0xD800) || (c > 0xDFFF && c < 0xFFFE) || (c > 0xFFFF && c <= 0x10FFFF));
}

bool is_text(const peer::erl::list& value, bool unicode) {
  return !value.empty() && value.proper() && std::all_of(value.begin(), value.end(), [unicode](const peer::term& x) {
    auto* c = x.get_if<std::int64_t>();
    return c && printable(*c, unicode);
  });
}

// io_lib:write_atom_as_latin1/1. Names with such characters have quotes.
std::string escape_beyond_latin1(std::string_view text) {
  auto result = std::string{};
  auto characters = decode_utf8(text).value();
  for (auto c : characters) {
    if (c <= highest_latin1) {
      append_utf8(result, std::int64_t{c});
      continue;
    }
    auto buffer = std::array<char, 8>{};
    auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), static_cast<std::uint32_t>(c), 16).ptr;
    std::transform(buffer.data(), end, buffer.data(), [](char x) { return x >= 'a' ? static_cast<char>(x - 32) : x; });
    result += "\\x{" + std::string{buffer.data(), end} + '}';
  }
  return result;
}

// -- text in binaries -------------------------------------------------------------------------------------------------

/// What of a binary is printed as text.
struct binary_text {
  std::vector<peer::term> characters;
  bool utf8;
  bool whole;
};

/// Finds the text at the start of a binary: all of it, or at least `depth` characters. Four characters count as one
/// level of depth (io_lib_pretty: printable_bin).
std::optional<binary_text> text_of(std::string_view bytes, std::int64_t depth, bool unicode) {
  auto limit = bytes.size();
  if (depth >= 0)
    limit = std::min(limit, 4 * static_cast<std::size_t>(depth));
  auto decoded = unicode ? decode_utf8(bytes, limit) : std::nullopt;
  auto from_latin1 = !decoded;
  if (from_latin1) {
    decoded.emplace();
    for (auto c : bytes.substr(0, limit))
      decoded->push_back(static_cast<unsigned char>(c));
  }
  auto result = binary_text{};
  auto size = std::size_t{0};
  for (auto c : *decoded) {
    if (!printable(c, !from_latin1))
      break;
    size += from_latin1 || c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    result.characters.emplace_back(static_cast<std::int64_t>(c));
  }
  result.utf8 = size != result.characters.size();
  result.whole = size == bytes.size();
  if (result.whole || (depth > 0 && result.characters.size() >= static_cast<std::size_t>(depth)))
    return result;
  return std::nullopt;
}

// -- terms ------------------------------------------------------------------------------------------------------------

class writer {
public:
  explicit writer(const term_style& style) : style_(style) {}

  /// Writes without recursion: what is still to come is on a stack.
  void write(const peer::term& value, std::int64_t depth) {
    add(value, depth);
    while (!steps_.empty()) {
      auto next = steps_.back();
      steps_.pop_back();
      if (!next.value) {
        out_ += next.text;
        continue;
      }
      auto known = static_cast<std::ptrdiff_t>(steps_.size());
      expand(*next.value, next.depth);
      std::reverse(steps_.begin() + known, steps_.end());
    }
  }

  std::string take() { return std::move(out_); }

private:
  /// A text, or a value in its depth.
  struct step {
    const peer::term* value;
    std::int64_t depth;
    std::string_view text;
  };

  void add(std::string_view text) { steps_.push_back({nullptr, 0, text}); }

  void add(const peer::term& value, std::int64_t depth) { steps_.push_back({&value, depth, {}}); }

  /// Writes a leaf, or adds the steps of a container in their order.
  void expand(const peer::term& value, std::int64_t depth) {
    if (depth == 0)
      out_ += "...";
    else if (auto* list = value.get_if<peer::erl::list>())
      expand_list(value, *list, depth);
    else if (auto* tuple = value.get_if<peer::erl::tuple>())
      expand_tuple(*tuple, depth);
    else if (auto* map = value.get_if<peer::erl::map>())
      expand_map(*map, depth);
    else if (auto* bits = value.get_if<peer::erl::bitstring>())
      write_bits(*bits, depth);
    else if (value.is<peer::atom>() && !style_.unicode)
      out_ += escape_beyond_latin1(to_string(value));
    else
      out_ += to_string(value);
  }

  /// Goes through elements until the depth is used up. Returns the depth that is left, or nothing if that did not
  /// suffice.
  template <class Container, class AddText, class AddOne>
  static std::optional<std::int64_t> each_element(const Container& elements, std::int64_t depth,
                                                  std::string_view last_separator, AddText add_text, AddOne add_one) {
    auto first = true;
    for (auto& element : elements) {
      auto cut = depth == 1;
      if (!first)
        add_text(cut ? last_separator : ",");
      if (cut) {
        add_text("...");
        return std::nullopt;
      }
      add_one(element, --depth);
      first = false;
    }
    return depth;
  }

  template <class Container, class AddOne>
  auto expand_elements(const Container& elements, std::int64_t depth, std::string_view last_separator, AddOne add_one) {
    return each_element(
        elements, depth, last_separator, [this](std::string_view text) { add(text); }, add_one);
  }

  void expand_list(const peer::term& value, const peer::erl::list& elements, std::int64_t depth) {
    if (style_.strings && depth != 1 && is_text(elements, style_.unicode)) {
      out_ += to_string(value);
      return;
    }
    add("[");
    auto left = expand_elements(elements, depth, "|", [this](auto& x, auto d) { add(x, d); });
    if (auto* tail = elements.tail(); tail && left) {
      add("|");
      add(*tail, *left - 1); // nothing but dots if that is 0
    }
    add("]");
  }

  void expand_tuple(const peer::erl::tuple& elements, std::int64_t depth) {
    add("{");
    expand_elements(elements, depth, ",", [this](auto& x, auto d) { add(x, d); });
    add("}");
  }

  void expand_map(const peer::erl::map& entries, std::int64_t depth) {
    add("#{");
    expand_elements(entries, depth, ",", [this, depth](auto& entry, auto) {
      add(entry.first, depth - 1);
      add(" => ");
      add(entry.second, depth - 1);
    });
    add("}");
  }

  void write_bits(const peer::erl::bitstring& value, std::int64_t depth) {
    out_ += "<<";
    auto is_whole_bytes = value.unused_bits == 0 && !value.bytes.empty();
    auto text = std::optional<binary_text>{};
    if (style_.strings && is_whole_bytes && depth != 1)
      text = text_of(value.bytes, depth - 1, style_.unicode);
    if (text) {
      out_ += to_string(peer::term{peer::erl::list{std::move(text->characters)}});
      out_ += text->utf8 ? "/utf8" : "";
      out_ += text->whole ? "" : "...";
    } else {
      write_bytes(value, depth);
    }
    out_ += ">>";
  }

  void write_bytes(const peer::erl::bitstring& value, std::int64_t depth) {
    auto last = value.bytes.data() + value.bytes.size() - 1;
    auto add_text = [this](std::string_view text) { out_ += text; };
    each_element(value.bytes, depth, ",", add_text, [&](const char& c, auto) {
      auto byte = static_cast<unsigned>(static_cast<unsigned char>(c));
      if (&c == last && value.unused_bits != 0)
        out_ += std::to_string(byte >> value.unused_bits) + ':' + std::to_string(8 - value.unused_bits);
      else
        out_ += std::to_string(byte);
    });
  }

  term_style style_;
  std::string out_;
  std::vector<step> steps_; ///< The next one last.
};

} // namespace

std::string term_text(const peer::term& value, const term_style& style) {
  auto result = writer{style};
  result.write(value, style.depth);
  return result.take();
}

} // namespace peer_node
