// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/load_inspector.hpp"

#include "peer/term.hpp"
#include "term/codec/tags.hpp"

namespace peer::detail {

namespace {

using kind = term_reader::kind;

/// What is shown of a term that was not expected.
constexpr std::size_t max_shown = 80;

constexpr std::string_view kind_names[] = {"an integer", "a float", "an atom",     "a binary", "a bit string",
                                           "a tuple",    "[]",      "a list",      "a list",   "a map",
                                           "a pid",      "a port",  "a reference", "a fun",    "a local fun"};

std::string show(const_byte_span encoded) {
  term_reader reader{encoded};
  term value;
  // The encoded form is not much longer than the text; what is longer anyway is not worth decoding.
  if (encoded.size() <= 4 * max_shown && reader.read(value))
    if (auto text = to_string(value); text.size() <= max_shown)
      return text;
  term_reader other{encoded};
  auto what = kind::opaque;
  other.peek(what);
  return std::string{kind_names[static_cast<std::size_t>(what)]} + " of " + std::to_string(encoded.size())
       + " encoded bytes";
}

} // namespace

// -- errors -----------------------------------------------------------------------------------------------------------

std::string term_load_inspector::path() const {
  std::string result{root_};
  for (std::size_t i = 0; i < path_.size(); ++i) {
    const auto& [name, index] = path_[i];
    if (name.empty())
      result += '[' + std::to_string(index) + ']';
    else
      result += (result.empty() ? "" : ".") + std::string{name};
  }
  return result.empty() ? result : result + ": ";
}

bool term_load_inspector::fail(const std::string& what) {
  emplace_error(errc::type_mismatch, path() + what);
  return false;
}

bool term_load_inspector::refuse_actor_handle() {
  emplace_error(errc::bad_term, path() + "an actor handle has no meaning in another process");
  return false;
}

bool term_load_inspector::mismatch(const std::string& expected) {
  const_byte_span found;
  return reader_->skip(found) && fail("expected " + expected + ", found " + show(found));
}

caf::error term_load_inspector::take_error() {
  if (reader_->error())
    return reader_->error();
  auto result = move_error();
  // CAF reports with its own codes that a setter or an invariant refused a value.
  if (result && result.category() == caf::type_id_v<caf::sec>) {
    auto what = enum_name(static_cast<caf::sec>(result.code()));
    if (result.context().match_elements<std::string>())
      what += ": " + result.context().get_as<std::string>(0);
    return peer::fail(errc::type_mismatch, path() + what);
  }
  return result ? std::move(result) : peer::fail(errc::type_mismatch, path() + "the type's inspect function failed");
}

// -- expectations -----------------------------------------------------------------------------------------------------

bool term_load_inspector::expect_kind(kind what, const char* expected) {
  kind found;
  if (!reader_->peek(found))
    return false;
  return found == what || mismatch(expected);
}

bool term_load_inspector::expect_integer(std::uint64_t least, std::uint64_t greatest, term_reader::number& found) {
  auto start = reader_->position();
  kind what;
  if (!reader_->peek(what))
    return false;
  if (what == kind::integer) {
    if (!reader_->integer(found))
      return false;
    if (!found.wide && found.magnitude <= (found.negative ? least : greatest))
      return true;
    reader_->rewind(start);
  }
  return mismatch("an integer from " + std::string{least == 0 ? "" : "-"} + std::to_string(least) + " to "
                  + std::to_string(greatest));
}

bool term_load_inspector::expect_name(std::string& name) {
  return expect_kind(kind::atom, "an atom") && reader_->atom(name);
}

bool term_load_inspector::expect_name(std::string_view& name, std::string& converted) {
  return expect_kind(kind::atom, "an atom") && reader_->atom(name, converted);
}

bool term_load_inspector::open_tuple(std::size_t& arity) {
  kind what;
  if (!reader_->peek(what))
    return false;
  return what == kind::tuple && reader_->tuple(arity);
}

bool term_load_inspector::expect_atom(std::string_view name) {
  auto start = reader_->position();
  kind what;
  if (!reader_->peek(what))
    return false;
  if (what == kind::atom) {
    std::string_view found;
    std::string converted;
    if (!reader_->atom(found, converted))
      return false;
    if (found == name)
      return true;
    reader_->rewind(start);
  }
  return mismatch("the atom " + to_string(atom{name}));
}

bool term_load_inspector::expect_binary(const_byte_span& bytes) {
  return expect_kind(kind::binary, "a binary") && reader_->binary(bytes);
}

bool term_load_inspector::present(bool& result) {
  result = true;
  kind what;
  if (!reader_->peek(what))
    return false;
  if (what != kind::atom)
    return true;
  auto start = reader_->position();
  std::string_view name;
  std::string converted;
  if (!reader_->atom(name, converted))
    return false;
  result = name != "undefined";
  if (result)
    reader_->rewind(start);
  return true;
}

// -- containers -------------------------------------------------------------------------------------------------------

bool term_load_inspector::enter(std::size_t size, std::size_t used) {
  if (!reader_->enter())
    return false;
  frames_.push_back({size, used, false});
  return true;
}

void term_load_inspector::leave() {
  frames_.pop_back();
  reader_->leave();
}

bool term_load_inspector::begin_object(caf::type_id_t, caf_string_view name) {
  if (path_.empty() && root_.empty())
    root_ = to_std(name);
  auto start = reader_->position();
  std::size_t arity = 0;
  auto what = kind::nil;
  if (open_tuple(arity) && arity > 0 && (!reader_->peek(what) || what == kind::atom)) {
    std::string_view found;
    std::string converted;
    if (!reader_->atom(found, converted))
      return false;
    if (found == to_std(name))
      return enter(arity, 1);
  }
  if (reader_->error())
    return false;
  reader_->rewind(start);
  return mismatch("a tuple that starts with " + to_string(atom{to_std(name)}));
}

bool term_load_inspector::end_object() {
  auto [size, used, ignored] = frames_.back();
  if (size != used)
    return fail("expected a tuple of " + std::to_string(used) + " elements, found one of " + std::to_string(size));
  leave();
  return true;
}

bool term_load_inspector::begin_field(caf_string_view name) {
  path_.push_back({to_std(name), 0});
  fields_.push_back({false});
  auto& [size, used, ignored] = frames_.back();
  if (used == size)
    return fail("the tuple of " + std::to_string(size) + " elements has no such field");
  ++used;
  return true;
}

bool term_load_inspector::begin_field(caf_string_view name, bool& is_present) {
  return begin_field(name) && present(is_present);
}

bool term_load_inspector::begin_field(caf_string_view name, caf::span<const caf::type_id_t> types, std::size_t& index) {
  std::string_view found;
  std::string converted;
  if (!begin_field(name) || !begin_tuple(2) || !expect_name(found, converted))
    return false;
  fields_.back().is_pair = true;
  auto has_name = [&found](caf::type_id_t id) { return to_std(caf::query_type_name(id)) == found; };
  index = static_cast<std::size_t>(std::find_if(types.begin(), types.end(), has_name) - types.begin());
  return index < types.size() || fail("a sum type without an alternative '" + std::string{found} + "'");
}

bool term_load_inspector::begin_field(caf_string_view name, bool& is_present, caf::span<const caf::type_id_t> types,
                                      std::size_t& index) {
  auto start = reader_->position();
  if (!present(is_present))
    return false;
  reader_->rewind(start);
  return is_present ? begin_field(name, types, index) : begin_field(name, is_present);
}

bool term_load_inspector::end_field() {
  auto is_pair = fields_.back().is_pair;
  fields_.pop_back();
  path_.pop_back();
  return !is_pair || end_tuple();
}

bool term_load_inspector::begin_tuple(std::size_t size) {
  auto start = reader_->position();
  std::size_t arity = 0;
  if (open_tuple(arity) && arity == size)
    return enter(size);
  if (reader_->error())
    return false;
  reader_->rewind(start);
  return mismatch("a tuple of " + std::to_string(size) + " elements");
}

bool term_load_inspector::end_tuple() {
  leave();
  return true;
}

bool term_load_inspector::begin_sequence(std::size_t& size) {
  kind what;
  if (!reader_->peek(what))
    return false;
  if (what == kind::string)
    return begin_expansion(size);
  if (what != kind::nil && what != kind::list)
    return mismatch("a list");
  return reader_->list(size) && enter(size);
}

bool term_load_inspector::end_sequence() {
  if (frames_.back().is_expanded) {
    end_expansion();
    return true;
  }
  if (frames_.back().size > 0 && !(expect_kind(kind::nil, "the end of the list") && reader_->list_end()))
    return false;
  leave();
  return true;
}

bool term_load_inspector::begin_expansion(std::size_t& size) {
  const_byte_span bytes;
  if (!reader_->string(bytes) || !enter(bytes.size()))
    return false;
  frames_.back().is_expanded = true;
  expansion next{{}, nullptr, reader_};
  for (auto byte : bytes) {
    next.terms.push_back(static_cast<std::byte>(tag::small_integer));
    next.terms.push_back(byte);
  }
  next.reader = std::make_unique<term_reader>(next.terms);
  size = bytes.size();
  reader_ = next.reader.get();
  expansions_.push_back(std::move(next));
  return true;
}

void term_load_inspector::end_expansion() {
  reader_ = expansions_.back().outer;
  expansions_.pop_back();
  leave();
}

bool term_load_inspector::next_part(bool& more, std::size_t& size) {
  more = false;
  if (size == 0 || frames_.back().is_expanded)
    return end_sequence();
  kind what;
  if (!reader_->peek(what))
    return false;
  if (what != kind::list && what != kind::string)
    return end_sequence();
  leave();
  more = true;
  return begin_sequence(size);
}

bool term_load_inspector::begin_associative_array(std::size_t& size) {
  return expect_kind(kind::map, "a map") && reader_->map(size) && enter(size);
}

bool term_load_inspector::end_associative_array() {
  leave();
  return true;
}

} // namespace peer::detail
