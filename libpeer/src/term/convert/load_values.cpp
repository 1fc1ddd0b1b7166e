// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "base/utf8.hpp"
#include "peer/convert.hpp"
#include "peer/detail/load_inspector.hpp"
#include "term/convert/message_elements.hpp"

#include "caf/message.hpp"
#include "caf/message_builder.hpp"

#include <cmath>

namespace peer {

using kind = detail::term_reader::kind;

// -- values -----------------------------------------------------------------------------------------------------------

bool detail::term_load_inspector::value(bool& x) {
  auto start = reader_->position();
  kind what;
  if (!reader_->peek(what))
    return false;
  if (what == kind::atom) {
    std::string name;
    if (!reader_->atom(name))
      return false;
    x = name == "true";
    if (x || name == "false")
      return true;
    reader_->rewind(start);
  }
  return mismatch("true or false");
}

bool detail::term_load_inspector::value(double& x) {
  return expect_kind(kind::real, "a float") && reader_->real(x);
}

bool detail::term_load_inspector::value(float& x) {
  auto start = reader_->position();
  double wide = 0;
  if (!value(wide))
    return false;
  x = static_cast<float>(wide);
  if (std::isfinite(x))
    return true;
  reader_->rewind(start);
  return mismatch("a float of 32 bits");
}

bool detail::term_load_inspector::value(long double& x) {
  double narrow = 0;
  if (!value(narrow))
    return false;
  x = narrow;
  return true;
}

bool detail::term_load_inspector::value(detail::caf_byte& x) {
  std::uint8_t number = 0;
  if (!value(number))
    return false;
  x = static_cast<detail::caf_byte>(number);
  return true;
}

bool detail::term_load_inspector::value(std::string& x) {
  constexpr const char* expected = "a binary or a list of characters";
  x.clear();
  auto start = reader_->position();
  kind what;
  if (!reader_->peek(what))
    return false;
  const_byte_span bytes;
  if (what == kind::binary) {
    if (!reader_->binary(bytes))
      return false;
    x = detail::as_text(bytes);
    return true;
  }
  if (what != kind::string && what != kind::list && what != kind::nil)
    return mismatch(expected);
  // A charlist: its numbers are code points, also in the compact form.
  term text;
  if (!reader_->read(text))
    return false;
  auto* characters = text.get_if<erl::list>();
  auto append_one = [&x](const term& character) {
    auto* code = character.get_if<std::int64_t>();
    return code != nullptr && *code >= 0 && internal::base::append_utf8(x, static_cast<std::uint64_t>(*code));
  };
  if (characters != nullptr && characters->proper() && std::all_of(characters->begin(), characters->end(), append_one))
    return true;
  reader_->rewind(start);
  return mismatch(expected);
}

bool detail::term_load_inspector::value(std::u32string& x) {
  auto start = reader_->position();
  std::string utf8;
  if (!value(utf8))
    return false;
  x.clear();
  for (std::string_view rest{utf8}; !rest.empty();) {
    auto code = internal::base::take_utf8(rest);
    if (!code) {
      reader_->rewind(start);
      return mismatch("a binary of UTF-8");
    }
    x += *code;
  }
  return true;
}

bool detail::term_load_inspector::value(std::u16string& x) {
  std::u32string codes;
  if (!value(codes))
    return false;
  x.clear();
  for (auto code : codes) {
    if (code >= 0x10000) {
      x += static_cast<char16_t>(0xD800 + ((code - 0x10000) >> 10));
      code = 0xDC00 + ((code - 0x10000) & 0x3FF);
    }
    x += static_cast<char16_t>(code);
  }
  return true;
}

bool detail::term_load_inspector::value(caf::span<detail::caf_byte> x) {
  auto start = reader_->position();
  const_byte_span bytes;
  if (!expect_binary(bytes))
    return false;
  if (bytes.size() != x.size()) {
    reader_->rewind(start);
    return mismatch("a binary of " + std::to_string(x.size()) + " bytes");
  }
  std::transform(bytes.begin(), bytes.end(), x.begin(), [](auto byte) { return static_cast<detail::caf_byte>(byte); });
  return true;
}

// -- terms and CAF's own types ----------------------------------------------------------------------------------------

bool detail::term_load_inspector::builtin_inspect(term& x) {
  return reader_->read(x);
}

bool detail::term_load_inspector::builtin_inspect(erl::big_integer& x) {
  term found;
  if (!expect_kind(kind::integer, "an integer") || !reader_->integer(found))
    return false;
  if (auto* wide = found.get_if<erl::big_integer>()) {
    x = *wide;
    return true;
  }
  auto value = *found.get_if<std::int64_t>();
  auto rest = value < 0 ? ~static_cast<std::uint64_t>(value) + 1 : static_cast<std::uint64_t>(value);
  std::string magnitude;
  for (; rest != 0; rest >>= 8)
    magnitude += static_cast<char>(static_cast<std::uint8_t>(rest));
  x = erl::big_integer{value < 0, std::move(magnitude)};
  return true;
}

bool detail::term_load_inspector::builtin_inspect(caf::message& x) {
  std::size_t size = 0;
  if (!begin_tuple(2) || !expect_atom("$message") || !begin_sequence(size))
    return false;
  caf::message_builder elements;
  for (std::size_t i = 0; i < size; ++i) {
    path_.push_back({{}, i});
    std::string name;
    caf::message element;
    if (!begin_tuple(2) || !expect_name(name) || !internal::convert::load_message_element(*this, name, element)
        || !end_tuple())
      return false;
    elements.append_from(element, 0);
    path_.pop_back();
  }
  if (!end_sequence() || !end_tuple())
    return false;
  x = elements.to_message();
  return true;
}

bool detail::term_load_inspector::builtin_inspect(caf::error& x) {
  std::string category;
  std::string code;
  std::string text;
  if (!begin_tuple(4) || !expect_atom("$error") || !expect_name(category) || !expect_name(code) || !value(text)
      || !end_tuple())
    return false;
  x = internal::convert::make_error_by_name(category, code, std::move(text));
  return true;
}

} // namespace peer
