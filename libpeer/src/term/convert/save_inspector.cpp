// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/save_inspector.hpp"

#include "base/utf8.hpp"
#include "peer/convert.hpp"
#include "term/convert/message_elements.hpp"

#include "caf/message.hpp"

#include <cmath>
#include <limits>

namespace peer::detail {

namespace {

constexpr std::size_t max_count = std::numeric_limits<std::uint32_t>::max();

/// UTF-16 as UTF-8; false at a surrogate without its other half.
bool to_utf8(const std::u16string& text, std::string& result) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    std::uint32_t code = text[i];
    if (code >= 0xD800 && code < 0xDC00 && i + 1 < text.size() && text[i + 1] >= 0xDC00 && text[i + 1] < 0xE000)
      code = 0x10000 + ((code - 0xD800) << 10) + (text[++i] - 0xDC00u);
    if (!internal::base::append_utf8(result, code))
      return false;
  }
  return true;
}

} // namespace

bool term_save_inspector::fail(std::string what) {
  emplace_error(errc::bad_term, "cannot encode: " + std::move(what));
  return false;
}

bool term_save_inspector::enter(frame x) {
  if (x.size > max_count)
    return fail("a container with more than 2^32 - 1 elements");
  if (frames_.size() >= term_limits{}.max_depth)
    return fail("a C++ value with more than " + std::to_string(term_limits{}.max_depth) + " levels of nesting");
  frames_.push_back(x);
  return true;
}

bool term_save_inspector::name(std::string_view x) {
  if (!internal::base::valid_atom(x))
    return fail(internal::base::count_utf8(x) ? "an atom with more than 255 characters"
                                              : "an atom that is not valid UTF-8");
  out_->atom(x);
  return true;
}

bool term_save_inspector::binary(const_byte_span bytes) {
  if (bytes.size() > max_count)
    return fail("a binary with more than 2^32 - 1 bytes");
  out_->binary(bytes);
  return true;
}

// -- containers -------------------------------------------------------------------------------------------------------

bool term_save_inspector::begin_object(caf::type_id_t, caf_string_view type_name) {
  return enter({out_->begin_tuple(), 1}) && name(to_std(type_name));
}

bool term_save_inspector::end_object() {
  out_->end_tuple(frames_.back().token, frames_.back().size);
  frames_.pop_back();
  return true;
}

bool term_save_inspector::end_object_as_atom(std::string_view text) {
  out_->buffer().resize(frames_.back().token);
  frames_.pop_back();
  return name(text);
}

bool term_save_inspector::begin_field(caf_string_view) {
  ++frames_.back().size;
  fields_.push_back({false});
  return true;
}

bool term_save_inspector::begin_field(caf_string_view field_name, bool is_present) {
  return begin_field(field_name) && (is_present || name("undefined"));
}

bool term_save_inspector::begin_field(caf_string_view field_name, caf::span<const caf::type_id_t> types,
                                      std::size_t index) {
  if (!begin_field(field_name))
    return false;
  fields_.back().is_pair = true;
  return begin_tuple(2) && name(to_std(caf::query_type_name(types[index])));
}

bool term_save_inspector::begin_field(caf_string_view field_name, bool is_present,
                                      caf::span<const caf::type_id_t> types, std::size_t index) {
  return is_present ? begin_field(field_name, types, index) : begin_field(field_name, false);
}

bool term_save_inspector::end_field() {
  auto is_pair = fields_.back().is_pair;
  fields_.pop_back();
  return !is_pair || end_tuple();
}

bool term_save_inspector::begin_tuple(std::size_t size) {
  if (!enter({0, size}))
    return false;
  out_->tuple(size);
  return true;
}

bool term_save_inspector::end_tuple() {
  frames_.pop_back();
  return true;
}

bool term_save_inspector::begin_sequence(std::size_t size) {
  if (!enter({0, size}))
    return false;
  if (size > 0)
    out_->list(size);
  return true;
}

bool term_save_inspector::end_sequence() {
  out_->nil();
  frames_.pop_back();
  return true;
}

bool term_save_inspector::begin_associative_array(std::size_t size) {
  if (!enter({0, size}))
    return false;
  out_->map(size);
  return true;
}

bool term_save_inspector::end_associative_array() {
  frames_.pop_back();
  return true;
}

// -- values -----------------------------------------------------------------------------------------------------------

bool term_save_inspector::value(bool x) {
  out_->boolean(x);
  return true;
}

bool term_save_inspector::value(double x) {
  if (!std::isfinite(x))
    return fail("a float that is infinite or not a number");
  out_->real(x);
  return true;
}

bool term_save_inspector::value(caf_string_view x) {
  return binary(as_byte_span(to_std(x)));
}

bool term_save_inspector::value(const std::u16string& x) {
  std::string text;
  return to_utf8(x, text) ? binary(as_byte_span(text)) : fail("a UTF-16 string with half of a surrogate pair");
}

bool term_save_inspector::value(const std::u32string& x) {
  std::string text;
  for (auto code : x)
    if (!internal::base::append_utf8(text, code))
      return fail("a UTF-32 string with a number that is not a character");
  return binary(as_byte_span(text));
}

bool term_save_inspector::value(caf::span<const caf_byte> x) {
  return binary({reinterpret_cast<const std::byte*>(x.data()), x.size()});
}

bool term_save_inspector::builtin_inspect(const term& x) {
  if (auto err = write(*out_, x, !frames_.empty())) {
    set_error(std::move(err));
    return false;
  }
  return true;
}

// -- CAF's own types --------------------------------------------------------------------------------------------------

bool term_save_inspector::builtin_inspect(const caf::message& x) {
  if (!begin_tuple(2) || !name("$message") || !begin_sequence(x.size()))
    return false;
  for (std::size_t i = 0; i < x.size(); ++i)
    if (!begin_tuple(2) || !name(to_std(caf::query_type_name(x.type_at(i))))
        || !internal::convert::save_message_element(*this, x, i) || !end_tuple())
      return false;
  return end_sequence() && end_tuple();
}

bool term_save_inspector::builtin_inspect(const caf::error& x) {
  std::string category = "none";
  std::string code = "none";
  std::string text;
  if (x) {
    category = to_std(caf::query_type_name(x.category()));
    if (category.empty())
      return fail("an error of a category that is not registered with CAF (see init_global_meta_objects)");
    // CAF prints the code, by name if it has names, and then the context in parentheses.
    auto printed = to_string(x);
    auto end = std::min(printed.find('('), printed.size());
    code = unqualified(std::string_view{printed}.substr(0, end));
    if (x.context().match_elements<std::string>())
      text = x.context().get_as<std::string>(0);
    else if (end + 1 < printed.size())
      text = printed.substr(end + 1, printed.size() - end - 2);
  }
  return begin_tuple(4) && name("$error") && name(category) && name(code) && binary(as_byte_span(text)) && end_tuple();
}

} // namespace peer::detail
