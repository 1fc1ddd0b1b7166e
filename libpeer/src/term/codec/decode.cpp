// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/reader.hpp"
#include "peer/error.hpp"
#include "term/codec/codec.hpp"
#include "term/codec/tags.hpp"

#include "caf/expected.hpp"

#include <memory>
#include <new>

#include <libdeflate.h>

namespace peer {

namespace {

/// zlib cannot do better than this, so that a size beyond it is a lie ("zlib Technical Details": 1032:1).
constexpr std::uint64_t max_compression = 1040;

struct free_decompressor {
  void operator()(libdeflate_decompressor* x) const noexcept { libdeflate_free_decompressor(x); }
};

/// Inflates `input`, a whole zlib stream, to exactly `output`. Returns what is wrong, or null.
const char* inflate_to(const_byte_span input, std::span<std::byte> output) {
  auto inflater = std::unique_ptr<libdeflate_decompressor, free_decompressor>{libdeflate_alloc_decompressor()};
  if (!inflater)
    throw std::bad_alloc{};
  std::size_t used = 0;
  std::size_t written = 0;
  switch (libdeflate_zlib_decompress_ex(inflater.get(), input.data(), input.size(), output.data(), output.size(), &used,
                                        &written)) {
  case LIBDEFLATE_SUCCESS:
    break;
  case LIBDEFLATE_INSUFFICIENT_SPACE:
    return "the zlib stream is longer than announced";
  default:
    return "the zlib stream is damaged or cut off";
  }
  if (written < output.size())
    return "the zlib stream is shorter than announced";
  return used == input.size() ? nullptr : "bytes follow the zlib stream";
}

} // namespace

// -- version ----------------------------------------------------------------------------------------------------------

bool detail::term_reader::version() {
  if (left() == 0)
    return fail("the input is empty");
  if (input_[position_] != std::byte{detail::version_byte})
    return fail("expected the version 131, found " + std::to_string(static_cast<unsigned>(input_[position_])));
  ++position_;
  start_ = position_;
  if (left() > 0 && input_[position_] == static_cast<std::byte>(detail::tag::compressed))
    return inflate();
  return true;
}

bool detail::term_reader::inflate() {
  detail::tag which;
  if (!take_tag(which) || !need(4))
    return false;
  auto size = take(4);
  if (size > limits_.max_inflated)
    return fail_at(tag_at_, "tag 80 announces " + std::to_string(size) + " inflated bytes, the limit is "
                                + std::to_string(limits_.max_inflated));
  if (size > max_compression * left())
    return fail_at(tag_at_, "tag 80 announces " + std::to_string(size) + " inflated bytes, which "
                                + std::to_string(left()) + " cannot hold");
  inflated_.resize(size);
  if (auto* what = inflate_to(remaining(), inflated_))
    return fail_at(tag_at_, std::string{"tag 80: "} + what);
  input_ = inflated_;
  position_ = 0;
  start_ = 0;
  return true;
}

// -- any term ---------------------------------------------------------------------------------------------------------

bool detail::term_reader::read(term& value) {
  kind what;
  if (!peek(what))
    return false;
  switch (what) {
  case kind::integer:
    return integer(value);
  case kind::real: {
    double x = 0;
    if (!real(x))
      return false;
    value = x;
    return true;
  }
  case kind::atom: {
    std::string name;
    if (!atom(name))
      return false;
    value = peer::atom{std::move(name)};
    return true;
  }
  case kind::binary:
  case kind::bits:
    return read_as<erl::bitstring>(value, [this](erl::bitstring& x) { return bits(x); });
  case kind::pid:
    return read_as<peer::pid>(value, [this](peer::pid& x) { return identifier(x); });
  case kind::port:
    return read_as<erl::port>(value, [this](erl::port& x) { return identifier(x); });
  case kind::reference:
    return read_as<erl::reference>(value, [this](erl::reference& x) { return identifier(x); });
  case kind::export_fun:
    return read_as<erl::export_fun>(value, [this](erl::export_fun& x) { return function(x); });
  case kind::tuple:
    return read_tuple(value);
  case kind::nil:
  case kind::list:
  case kind::string:
    return read_list(value);
  case kind::map:
    return read_map(value);
  case kind::opaque:
    break;
  }
  const_byte_span bytes;
  if (!skip(bytes))
    return false;
  value = erl::opaque{std::string{detail::as_text(bytes)}};
  return true;
}

bool detail::term_reader::read_elements(std::size_t count, std::vector<term>& elements) {
  if (!enter())
    return false;
  // Only once: asking for room again and again, for list after list that continues another, would copy all each time.
  if (elements.empty())
    elements.reserve(count);
  for (std::size_t i = 0; i < count; ++i)
    if (!read(elements.emplace_back()))
      return false;
  leave();
  return true;
}

bool detail::term_reader::read_tuple(term& value) {
  std::size_t arity = 0;
  std::vector<term> elements;
  if (!tuple(arity) || !read_elements(arity, elements))
    return false;
  value = erl::tuple{std::move(elements)};
  return true;
}

bool detail::term_reader::read_list(term& value) {
  std::vector<term> elements;
  // A tail that is a list continues this one.
  for (;;) {
    kind what;
    if (!peek(what))
      return false;
    if (what == kind::nil) {
      ++position_;
      value = erl::list{std::move(elements)};
      return true;
    }
    if (what == kind::string) {
      const_byte_span bytes;
      if (!string(bytes))
        return false;
      if (elements.empty())
        elements.reserve(bytes.size());
      for (auto byte : bytes)
        elements.emplace_back(static_cast<std::int64_t>(byte));
      value = erl::list{std::move(elements)};
      return true;
    }
    if (what != kind::list) {
      term tail;
      if (!enter() || !read(tail))
        return false;
      leave();
      value = erl::list::cons(std::move(elements), std::move(tail));
      return true;
    }
    tag_at_ = position_++;
    if (!need(4))
      return false;
    auto count = take(4);
    if (!need_elements(count + 1) || !read_elements(count, elements))
      return false;
  }
}

bool detail::term_reader::read_map(term& value) {
  auto at = position_;
  std::size_t size = 0;
  if (!map(size) || !enter())
    return false;
  std::vector<erl::map::value_type> entries;
  entries.reserve(size);
  for (std::size_t i = 0; i < size; ++i) {
    auto& [key, mapped] = entries.emplace_back();
    if (!read(key) || !read(mapped))
      return false;
  }
  leave();
  auto result = erl::map::unique(std::move(entries));
  if (!result)
    return fail_at(at, "tag 116 holds the same key twice");
  value = std::move(*result);
  return true;
}

caf::expected<term> internal::codec::decode(const_byte_span bytes, const detail::term_limits& limits) {
  detail::term_reader reader{bytes, limits};
  term result;
  if (!reader.version() || !reader.read(result)
      || (!reader.at_end() && !reader.fail(std::to_string(reader.remaining().size()) + " bytes follow the term")))
    return reader.error();
  return result;
}

// -- passing over -----------------------------------------------------------------------------------------------------

bool detail::term_reader::skip(const_byte_span& skipped) {
  auto from = position_;
  if (!skip_terms())
    return false;
  skipped = input_.subspan(from, position_ - from);
  return true;
}

bool detail::term_reader::skip_terms() {
  std::uint64_t children = 0;
  std::size_t fun_end = 0;
  if (!skip_one(children, fun_end))
    return false;
  return (children == 0 && fun_end == 0) || skip_rest(children, fun_end);
}

/// Passes over what belongs to a term whose header has been passed.
bool detail::term_reader::skip_rest(std::uint64_t children, std::size_t fun_end) {
  // Counts what is still to come instead of calling itself, so that no nesting exhausts the stack. The count cannot
  // overflow: each term takes a byte at least, and a header that announces more than the bytes left is refused.
  std::uint64_t pending = 0;
  // Funs that are not passed yet: what is pending after one, and its end according to its size.
  std::vector<std::pair<std::uint64_t, std::size_t>> funs;
  for (;;) {
    if (fun_end != 0)
      funs.emplace_back(pending, fun_end);
    pending += children;
    if (!need_elements(pending))
      return false;
    for (; !funs.empty() && funs.back().first == pending; funs.pop_back())
      if (funs.back().second != position_)
        return fail("tag 112 should end at byte " + std::to_string(funs.back().second));
    if (pending == 0)
      return true;
    children = 0;
    fun_end = 0;
    if (!skip_one(children, fun_end))
      return false;
    --pending;
  }
}

bool detail::term_reader::skip_one(std::uint64_t& children, std::size_t& fun_end) {
  kind what;
  if (!peek(what))
    return false;
  std::size_t size = 0;
  const_byte_span bytes;
  switch (what) {
  case kind::integer: {
    number ignored;
    return integer(ignored);
  }
  case kind::real: {
    double ignored = 0;
    return real(ignored);
  }
  case kind::atom: {
    std::string_view ignored;
    std::string converted;
    return atom(ignored, converted);
  }
  case kind::binary:
    return binary(bytes);
  case kind::string:
    return string(bytes);
  case kind::nil:
    return list_end();
  case kind::pid:
    return skip_as<peer::pid>([this](peer::pid& x) { return identifier(x); });
  case kind::port:
    return skip_as<erl::port>([this](erl::port& x) { return identifier(x); });
  case kind::reference:
    return skip_as<erl::reference>([this](erl::reference& x) { return identifier(x); });
  case kind::export_fun:
    return skip_as<erl::export_fun>([this](erl::export_fun& x) { return function(x); });
  case kind::tuple:
    if (!tuple(size))
      return false;
    children = size;
    return true;
  case kind::map:
    if (!map(size))
      return false;
    children = 2 * std::uint64_t{size};
    return true;
  case kind::list:
    tag_at_ = position_++;
    if (!need(4))
      return false;
    children = take(4) + 1;
    return true;
  case kind::bits: {
    std::uint8_t used_bits = 0;
    tag_at_ = position_++;
    if (!bits_header(size, used_bits))
      return false;
    position_ += size;
    return true;
  }
  case kind::opaque:
    break;
  }
  return skip_fun(children, fun_end);
}

bool detail::term_reader::skip_fun(std::uint64_t& children, std::size_t& fun_end) {
  auto at = position_;
  detail::tag which;
  if (!take_tag(which))
    return false;
  if (which == detail::tag::local) {
    // Only the runtime that made such a term knows where it ends.
    if (at != start_ || depth_ > 0)
      return fail_at(at, "tag 121, a term in a local format, is inside of another term");
    position_ = input_.size();
    return true;
  }
  std::string name;
  number ignored;
  peer::pid creator;
  if (which == detail::tag::fun) {
    if (!need(4))
      return false;
    children = take(4);
    return identifier(creator) && atom(name) && integer(ignored) && integer(ignored);
  }
  constexpr std::size_t fixed_size = 4 + 1 + 16 + 4 + 4; // size, arity, unique value, index, number of free variables
  if (!need(fixed_size))
    return false;
  auto size = take(4);
  fun_end = at + 1 + size;
  if (size < fixed_size || size > input_.size() - at - 1)
    return fail_at(at, "tag 112 announces " + std::to_string(size) + " bytes, but "
                           + std::to_string(input_.size() - at - 1) + " are left");
  position_ += 1 + 16 + 4;
  children = take(4);
  return atom(name) && integer(ignored) && integer(ignored) && identifier(creator);
}

} // namespace peer
