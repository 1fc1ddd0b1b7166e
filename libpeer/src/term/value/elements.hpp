// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"
#include "term/value/storage.hpp"

#include <cstddef>

namespace peer::internal::value {

/// Whether `x` is a container that has elements. Any other term is a leaf.
inline bool has_elements(const term& x) noexcept {
  using detail::term_kind;
  switch (detail::term_storage::kind(x)) {
  case term_kind::list:
    return !x.get_if<erl::list>()->empty();
  case term_kind::tuple:
    return !x.get_if<erl::tuple>()->empty();
  case term_kind::map:
    return !x.get_if<erl::map>()->empty();
  default:
    return false;
  }
}

/// Passes over the elements of a container: those of a list and then its tail, key and value of each entry of a map.
/// With a stack of these, terms are visited without recursion.
class elements {
public:
  elements() noexcept = default;

  explicit elements(const erl::list& x) noexcept {
    if (!x.empty())
      set_items(&x[0], x.size() + (x.proper() ? 0 : 1));
  }

  explicit elements(const erl::tuple& x) noexcept {
    if (!x.empty())
      set_items(&x[0], x.size());
  }

  explicit elements(const erl::map& x) noexcept {
    if (x.empty())
      return;
    entry_ = &*x.begin();
    entries_end_ = entry_ + x.size();
  }

  /// The next element, or null behind the last one.
  const term* next() noexcept {
    if (item_ != items_end_)
      return item_++;
    if (entry_ == entries_end_)
      return nullptr;
    at_value_ = !at_value_;
    return at_value_ ? &entry_->first : &(entry_++)->second;
  }

private:
  void set_items(const term* first, std::size_t count) noexcept {
    item_ = first;
    items_end_ = first + count;
  }

  const term* item_ = nullptr;
  const term* items_end_ = nullptr;
  const erl::map::value_type* entry_ = nullptr;
  const erl::map::value_type* entries_end_ = nullptr;
  bool at_value_ = false;
};

} // namespace peer::internal::value
