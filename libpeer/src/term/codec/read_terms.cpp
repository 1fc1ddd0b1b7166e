// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/reader.hpp"
#include "term/codec/tags.hpp"
#include "term/value/storage.hpp"

#include <cstdint>
#include <utility>

namespace peer {

namespace {

using storage = detail::term_storage;

} // namespace

/// A container whose elements are being read. Not initialised: a stack has room for some.
struct detail::term_reader::open_container {
  kind what;
  term* value;      ///< Where it is built. Stays there: what is around it gets no more elements before it is read.
  std::size_t left; ///< Elements that have not begun.
  std::size_t at;   ///< Where it starts.
};

bool detail::term_reader::read(term& value) {
  kind what;
  if (!peek(what))
    return false;
  return is_container(what) ? read_containers(what, value) : read_leaf(what, value);
}

bool detail::term_reader::read_leaf(kind what, term& value) {
  switch (what) {
  case kind::integer:
    return integer(value);
  case kind::real:
    return real(storage::emplace<double>(value));
  case kind::atom: {
    std::string_view name;
    std::string converted;
    if (!atom(name, converted))
      return false;
    storage::emplace(value, peer::atom{name});
    return true;
  }
  case kind::binary:
  case kind::bits:
    return bits(storage::emplace<erl::bitstring>(value));
  case kind::pid:
    return read_as<peer::pid>(value, [this](peer::pid& x) { return identifier(x); });
  case kind::port:
    return read_as<erl::port>(value, [this](erl::port& x) { return identifier(x); });
  case kind::reference:
    return read_as<erl::reference>(value, [this](erl::reference& x) { return identifier(x); });
  case kind::export_fun:
    return read_as<erl::export_fun>(value, [this](erl::export_fun& x) { return function(x); });
  default:
    break;
  }
  const_byte_span bytes;
  if (!skip(bytes))
    return false;
  value = erl::opaque{std::string{detail::as_text(bytes)}};
  return true;
}

// -- containers -------------------------------------------------------------------------------------------------------

bool detail::term_reader::read_containers(kind what, term& value) {
  open_containers open;
  if (!begin_container(what, value, open))
    return false;
  while (!open.empty()) {
    auto& innermost = open.back();
    auto done = innermost.left == 0         ? finish_container(open)
              : innermost.what == kind::map ? read_entries(open)
                                            : read_items(open);
    if (!done)
      return false;
  }
  return true;
}

/// Reads the header of a container, and all of it if that leaves no elements.
bool detail::term_reader::begin_container(kind what, term& value, open_containers& open) {
  auto at = position_;
  std::size_t size = 0;
  if (what == kind::tuple) {
    auto& result = storage::emplace<erl::tuple>(value);
    if (!tuple(size) || !announce(size))
      return false;
    storage::items(result).reserve(size);
  } else if (what == kind::map) {
    auto& result = storage::emplace<erl::map>(value);
    if (!map(size) || !announce(2 * std::uint64_t{size}))
      return false;
    storage::entries(result).reserve(size);
    size *= 2;
  } else {
    auto& result = storage::emplace<erl::list>(value);
    if (what == kind::nil)
      return list_end();
    if (what == kind::string)
      return read_string(storage::items(result));
  }
  open.push_back({what, &value, size, at});
  return true;
}

/// Notes that so many elements are going to be read. All that are announced at a time, by containers in containers,
/// need a byte each: so the memory that is reserved for them is bounded by the input.
bool detail::term_reader::announce(std::uint64_t count) {
  announced_ += count;
  return announced_ <= left()
      || fail_at(tag_at_, std::to_string(announced_) + " terms are announced, but only " + std::to_string(left())
                              + " bytes are left");
}

/// Reads elements of a list or tuple, up to one that is a container.
bool detail::term_reader::read_items(open_containers& open) {
  auto& innermost = open.back();
  auto& items = innermost.what == kind::tuple ? storage::items(storage::get<erl::tuple>(*innermost.value))
                                              : storage::items(storage::get<erl::list>(*innermost.value));
  for (std::size_t begun = 1; begun <= innermost.left; ++begun) {
    kind next;
    if (!peek(next))
      return false;
    if (next == kind::integer) { // most of them
      auto at = position_;
      number found;
      if (!integer(found))
        return false;
      if (!found.wide && found.magnitude <= INT64_MAX) {
        auto absolute = static_cast<std::int64_t>(found.magnitude);
        items.emplace_back(found.negative ? -absolute : absolute);
        continue;
      }
      position_ = at;
    }
    auto& item = items.emplace_back();
    if (is_container(next)) {
      innermost.left -= begun;
      announced_ -= begun;
      return begin_container(next, item, open);
    }
    if (!read_leaf(next, item))
      return false;
  }
  announced_ -= std::exchange(innermost.left, 0);
  return true;
}

/// Reads keys and values of a map, up to one that is a container.
bool detail::term_reader::read_entries(open_containers& open) {
  auto& innermost = open.back();
  auto& entries = storage::entries(storage::get<erl::map>(*innermost.value));
  for (std::size_t begun = 1; begun <= innermost.left; ++begun) {
    kind next;
    if (!peek(next))
      return false;
    auto is_value = (innermost.left - begun) % 2 == 0;
    auto& element = is_value ? entries.back().second : entries.emplace_back().first;
    if (is_container(next)) {
      innermost.left -= begun;
      announced_ -= begun;
      return begin_container(next, element, open);
    }
    if (!read_leaf(next, element))
      return false;
  }
  announced_ -= std::exchange(innermost.left, 0);
  return true;
}

/// Ends the innermost container, which has no elements left; a list may go on with its tail.
bool detail::term_reader::finish_container(open_containers& open) {
  auto [what, value, left, at] = open.back();
  if (what == kind::list)
    return finish_list(open);
  open.pop_back();
  if (what == kind::tuple)
    return true;
  auto result = erl::map::unique(std::move(storage::entries(storage::get<erl::map>(*value))));
  if (!result)
    return fail_at(at, "tag 116 holds the same key twice");
  *value = std::move(*result);
  return true;
}

/// Reads the tail. One that is a list continues this list.
bool detail::term_reader::finish_list(open_containers& open) {
  auto& [ignored, value, left, at] = open.back();
  auto& list = storage::get<erl::list>(*value);
  auto& items = storage::items(list);
  kind what;
  if (!list.proper()) { // the tail has been read
    open.pop_back();
    return true;
  }
  if (!peek(what))
    return false;
  if (what == kind::list) {
    tag_at_ = position_++;
    if (!need(4))
      return false;
    left = take(4);
    if (!need_elements(std::uint64_t{left} + 1) || !announce(left))
      return false;
    // Only once: asking for room again and again, for list after list that continues another, would copy all each time.
    if (items.empty())
      items.reserve(left);
    return true;
  }
  if (what == kind::nil || what == kind::string) {
    open.pop_back();
    if (what == kind::string)
      return read_string(items);
    ++position_;
    return true;
  }
  if (!items.empty()) {
    storage::improper(list) = true;
    left = 1;
    return announce(1);
  }
  // Without elements, the tail is all there is.
  auto* whole = value;
  open.pop_back();
  return is_container(what) ? begin_container(what, *whole, open) : read_leaf(what, *whole);
}

/// Reads the rest of a list, which is in compact form.
bool detail::term_reader::read_string(std::vector<term>& items) {
  const_byte_span bytes;
  if (!string(bytes))
    return false;
  if (items.empty())
    items.reserve(bytes.size());
  for (auto byte : bytes)
    items.emplace_back(static_cast<std::int64_t>(byte));
  return true;
}

} // namespace peer
