// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/reader.hpp"
#include "term/codec/tags.hpp"

namespace peer {

bool detail::term_reader::skip(const_byte_span& skipped) {
  auto from = position_;
  if (!skip_terms(false))
    return false;
  skipped = input_.subspan(from, position_ - from);
  return true;
}

bool detail::term_reader::check() {
  return skip_terms(true);
}

bool detail::term_reader::skip_terms(bool checked) {
  auto what = kind::nil;
  if (checked && peek(what) && what == kind::map)
    return skip_map();
  std::uint64_t children = 0;
  std::size_t fun_end = 0;
  if (!skip_one(children, fun_end))
    return false;
  return (children == 0 && fun_end == 0) || skip_rest(children, fun_end, checked);
}

/// Passes over a map whose keys differ, which only decoding it can tell.
bool detail::term_reader::skip_map() {
  term ignored;
  return read(ignored);
}

/// Passes over what belongs to a term whose header has been passed.
bool detail::term_reader::skip_rest(std::uint64_t children, std::size_t fun_end, bool checked) {
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
    auto what = kind::nil;
    // What a fun holds is never decoded.
    auto is_checked_map = checked && funs.empty() && peek(what) && what == kind::map;
    if (is_checked_map ? !skip_map() : !skip_one(children, fun_end))
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
