// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "term/value/lifetime.hpp"

#include "peer/detail/small_stack.hpp"
#include "term/value/elements.hpp"
#include "term/value/storage.hpp"

#include <algorithm>

namespace peer::internal::value {

namespace {

using entry = erl::map::value_type;
using storage = detail::term_storage;

bool is_leaf(const term& x) noexcept {
  return !has_elements(x);
}

bool is_leaf(const entry& x) noexcept {
  return is_leaf(x.first) && is_leaf(x.second);
}

/// Looks from the back: what `dismantle` puts aside ends with an element that is no leaf.
template <class Element>
bool all_are_leaves(const std::vector<Element>& elements) noexcept {
  return std::all_of(elements.rbegin(), elements.rend(), [](const Element& x) { return is_leaf(x); });
}

bool has_leaves_only(const term& x) noexcept {
  if (auto* list = x.get_if<erl::list>())
    return all_are_leaves(storage::items(*list));
  if (auto* tuple = x.get_if<erl::tuple>())
    return all_are_leaves(storage::items(*tuple));
  auto* map = x.get_if<erl::map>();
  return !map || all_are_leaves(storage::entries(*map));
}

/// Whether `x` is a container that holds a container with elements. All others can be destroyed and copied as usual, in
/// calls that are two levels deep.
bool is_deep(const term& x) noexcept {
  return has_elements(x) && !has_leaves_only(x);
}

bool is_deep(const entry& x) noexcept {
  return is_deep(x.first) || is_deep(x.second);
}

template <class Element>
bool any_is_deep(const std::vector<Element>& elements) noexcept {
  return std::any_of(elements.begin(), elements.end(), [](const Element& x) { return is_deep(x); });
}

/// The containers around the one that this thread copies or destroys.
constinit thread_local auto depth = 0;

/// A few containers in containers may be copied and destroyed by recursion, which is the fastest way. More may not: the
/// stack is bounded.
class recursion {
public:
  recursion() noexcept { ++depth; }
  recursion(const recursion&) = delete;
  recursion& operator=(const recursion&) = delete;
  ~recursion() { --depth; }

  static bool allowed() noexcept { return depth <= max_depth; }

private:
  static constexpr auto max_depth = 16;
};

// -- destruction ------------------------------------------------------------------------------------------------------

/// Destroys elements from the back, up to one that is deep.
template <class Element>
void drop_shallow(std::vector<Element>& elements) noexcept {
  auto last = std::find_if(elements.rbegin(), elements.rend(), [](const Element& x) { return is_deep(x); });
  elements.erase(last.base(), elements.end());
}

/// The elements of a container of any type.
class contents {
public:
  contents() noexcept = default;
  explicit contents(std::vector<term>&& items) noexcept : items_(std::move(items)) {}
  explicit contents(std::vector<entry>&& entries) noexcept : entries_(std::move(entries)) {}

  bool empty() const noexcept { return items_.empty() && entries_.empty(); }

  void drop_shallow() noexcept {
    value::drop_shallow(items_);
    value::drop_shallow(entries_);
  }

  /// Takes the elements of the last element. That is deep after `drop_shallow`, and a leaf after this.
  contents take_last() noexcept {
    if (!items_.empty())
      return take(items_.back());
    auto& [key, mapped] = entries_.back();
    return take(is_deep(mapped) ? mapped : key);
  }

  term& first() noexcept { return items_.empty() ? entries_.front().first : items_.front(); }

  /// Adds an element where one was dropped, or instead of one that is not deep: there is room.
  void put(term&& x) noexcept {
    if (!items_.empty())
      items_.push_back(std::move(x));
    else if (auto& mapped = entries_.back().second; !is_deep(mapped))
      mapped = std::move(x);
    else
      entries_.emplace_back(std::move(x), term{});
  }

  /// Turns all elements into one.
  term wrap() && noexcept {
    if (!items_.empty())
      return erl::tuple{std::move(items_)};
    auto result = erl::map{};
    storage::entries(result) = std::move(entries_);
    return result;
  }

private:
  static contents take(term& x) noexcept {
    if (x.is<erl::list>()) {
      auto& list = storage::get<erl::list>(x);
      storage::improper(list) = false;
      return contents{std::move(storage::items(list))};
    }
    if (x.is<erl::tuple>())
      return contents{std::move(storage::items(storage::get<erl::tuple>(x)))};
    return contents{std::move(storage::entries(storage::get<erl::map>(x)))};
  }

  std::vector<term> items_; // at most one of the two has elements
  std::vector<entry> entries_;
};

/// Instead of a stack of containers that are not finished, each one that is left for its last element becomes the first
/// element of that one, in exchange for what was there. So no memory is needed.
void dismantle(contents current) noexcept {
  current.drop_shallow();
  while (!current.empty()) {
    auto inner = current.take_last();
    inner.drop_shallow();
    current.drop_shallow();
    if (inner.empty())
      continue;
    if (!current.empty()) {
      current.put(std::move(inner.first()));
      inner.first() = std::move(current).wrap();
    }
    current = std::move(inner);
  }
}

// -- copies -----------------------------------------------------------------------------------------------------------

/// A container whose elements are not copied yet. Not initialised: a stack has room for some.
struct uncopied {
  term* to;
  const term* from;
};

class copier {
public:
  void copy(std::vector<term>& to, const std::vector<term>& from) {
    to.reserve(from.size()); // elements stay where they are
    for (const auto& x : from)
      if (is_deep(x))
        later(to.emplace_back(), x);
      else
        to.emplace_back(x);
  }

  void copy(std::vector<entry>& to, const std::vector<entry>& from) {
    to.reserve(from.size());
    for (const auto& [key, mapped] : from) {
      auto& result = to.emplace_back();
      copy(result.first, key);
      copy(result.second, mapped);
    }
  }

  void finish() {
    while (!pending_.empty()) {
      auto [to, from] = pending_.back();
      pending_.pop_back();
      if (auto* list = from->get_if<erl::list>()) {
        auto& result = storage::get<erl::list>(*to); // what a term is at first
        copy(storage::items(result), storage::items(*list));
        storage::improper(result) = !list->proper();
      } else if (auto* tuple = from->get_if<erl::tuple>()) {
        copy(storage::items(storage::emplace<erl::tuple>(*to)), storage::items(*tuple));
      } else {
        copy(storage::entries(storage::emplace<erl::map>(*to)), storage::entries(*from->get_if<erl::map>()));
      }
    }
  }

private:
  void copy(term& to, const term& from) {
    if (is_deep(from))
      later(to, from);
    else
      to = from;
  }

  void later(term& to, const term& from) { pending_.push_back({&to, &from}); }

  detail::small_stack<uncopied, 8> pending_;
};

template <class Element>
void release_all(std::vector<Element>& elements) noexcept {
  if (elements.empty())
    return;
  auto guard = recursion{};
  if (recursion::allowed() || !any_is_deep(elements))
    elements.clear();
  else
    dismantle(contents{std::move(elements)});
}

template <class Element>
std::vector<Element> copy_of(const std::vector<Element>& elements) {
  auto guard = recursion{};
  if (recursion::allowed() || !any_is_deep(elements))
    return elements;
  auto result = std::vector<Element>{};
  auto all = copier{};
  all.copy(result, elements);
  all.finish();
  return result;
}

} // namespace

void release(std::vector<term>& items) noexcept {
  release_all(items);
}

void release(std::vector<entry>& entries) noexcept {
  release_all(entries);
}

std::vector<term> copy(const std::vector<term>& items) {
  return copy_of(items);
}

std::vector<entry> copy(const std::vector<entry>& entries) {
  return copy_of(entries);
}

} // namespace peer::internal::value
