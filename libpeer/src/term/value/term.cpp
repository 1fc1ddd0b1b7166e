// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/term.hpp"

#include "term/value/digits.hpp"
#include "term/value/lifetime.hpp"
#include "term/value/storage.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>

namespace peer {

// -- big integers -----------------------------------------------------------------------------------------------------

namespace {

/// The number that at most 8 bytes make, least significant first.
std::uint64_t load_bytes(std::string_view magnitude) {
  auto result = std::uint64_t{0};
  for (auto i = magnitude.size(); i > 0; --i)
    result = result << 8 | static_cast<unsigned char>(magnitude[i - 1]);
  return result;
}

} // namespace

erl::big_integer::big_integer(bool negative, std::string magnitude)
    : negative_(negative), magnitude_(std::move(magnitude)) {
  magnitude_.erase(magnitude_.find_last_not_of('\0') + 1); // npos + 1 is 0
  if (magnitude_.empty())
    negative_ = false;
}

std::optional<erl::big_integer> erl::big_integer::parse(bool negative, std::string_view digits, int base) {
  if (digits.empty() || base < 2 || base > 36)
    return std::nullopt;
  auto radix = static_cast<unsigned>(base);
  if (!std::all_of(digits.begin(), digits.end(), [=](char c) { return internal::value::digit_value(c) < radix; }))
    return std::nullopt;
  auto value = internal::value::digit_reader{radix, digits.size()}.read(digits);
  auto magnitude = std::string{};
  export_bits(value, std::back_inserter(magnitude), 8, false);
  return erl::big_integer{negative, std::move(magnitude)};
}

std::optional<std::int64_t> erl::big_integer::to_int64() const noexcept {
  if (magnitude_.size() > 8)
    return std::nullopt;
  auto value = load_bytes(magnitude_);
  auto limit = static_cast<std::uint64_t>(INT64_MAX) + (negative_ ? 1 : 0);
  if (value > limit)
    return std::nullopt;
  return static_cast<std::int64_t>(negative_ ? 0 - value : value);
}

std::optional<std::uint64_t> erl::big_integer::to_uint64() const noexcept {
  if (magnitude_.size() > 8 || negative_)
    return std::nullopt;
  return load_bytes(magnitude_);
}

double erl::big_integer::to_double() const noexcept {
  // 57 or more significant bits, the last of which also stands for all that are dropped: then the one rounding of the
  // conversion is right.
  auto dropped = magnitude_.size() > 8 ? magnitude_.size() - 8 : 0;
  auto view = std::string_view{magnitude_};
  auto top = load_bytes(view.substr(dropped));
  if (view.substr(0, dropped).find_first_not_of('\0') != std::string_view::npos)
    top |= 1;
  auto exponent = static_cast<int>(std::min<std::size_t>(dropped, 1024) * 8);
  auto value = std::ldexp(static_cast<double>(top), exponent);
  return negative_ ? -value : value;
}

std::string erl::big_integer::to_string() const {
  if (magnitude_.empty())
    return "0"; // import_bits of Boost 1.81 writes out of bounds if there is nothing to import
  auto value = internal::value::cpp_int{};
  auto first = reinterpret_cast<const unsigned char*>(magnitude_.data());
  import_bits(value, first, first + magnitude_.size(), 8, false);
  auto result = std::string{negative_ ? "-" : ""};
  internal::value::decimal_printer{result, value}.print(value);
  return result;
}

// -- lists ------------------------------------------------------------------------------------------------------------

erl::list::list() noexcept = default;
erl::list::list(std::vector<term> elements) noexcept : items_(std::move(elements)) {}
erl::list::list(std::initializer_list<term> elements) : items_(elements) {}

erl::list::list(const erl::list& other) : items_(internal::value::copy(other.items_)), improper_(other.improper_) {}

erl::list::~list() {
  internal::value::release(items_);
}

// A list that was moved from is the empty one: an improper list without items would break what the class promises.
erl::list::list(erl::list&& other) noexcept
    : items_(std::move(other.items_)), improper_(std::exchange(other.improper_, false)) {
  other.items_.clear();
}

erl::list& erl::list::operator=(const erl::list& other) {
  // Parentheses: braces would make a list of one element. `other` may be an element of this list.
  return *this = erl::list(other);
}

erl::list& erl::list::operator=(erl::list&& other) noexcept {
  auto taken = std::move(other);
  items_.swap(taken.items_);
  std::swap(improper_, taken.improper_);
  return *this;
}

term erl::list::cons(std::vector<term> elements, term tail) {
  if (elements.empty())
    return tail;
  auto result = erl::list{std::move(elements)};
  if (tail.is<erl::list>()) {
    auto& rest = detail::term_storage::get<erl::list>(tail);
    result.items_.insert(result.items_.end(), std::make_move_iterator(rest.items_.begin()),
                         std::make_move_iterator(rest.items_.end()));
    result.improper_ = std::exchange(rest.improper_, false);
    rest.items_.clear();
  } else {
    result.items_.push_back(std::move(tail));
    result.improper_ = true;
  }
  return result;
}

erl::list::const_iterator erl::list::begin() const noexcept {
  return items_.begin();
}

erl::list::const_iterator erl::list::end() const noexcept {
  return improper_ ? items_.end() - 1 : items_.end();
}

std::size_t erl::list::size() const noexcept {
  return items_.size() - (improper_ ? 1 : 0);
}

bool erl::list::empty() const noexcept {
  return items_.empty();
}

const term& erl::list::operator[](std::size_t index) const noexcept {
  return items_[index];
}

const term* erl::list::tail() const noexcept {
  return improper_ ? &items_.back() : nullptr;
}

// -- tuples -----------------------------------------------------------------------------------------------------------

erl::tuple::tuple() noexcept = default;
erl::tuple::tuple(std::vector<term> elements) noexcept : elements_(std::move(elements)) {}
erl::tuple::tuple(std::initializer_list<term> elements) : elements_(elements) {}
erl::tuple::tuple(erl::tuple&&) noexcept = default;

erl::tuple::tuple(const erl::tuple& other) : elements_(internal::value::copy(other.elements_)) {}

erl::tuple::~tuple() {
  internal::value::release(elements_);
}

erl::tuple& erl::tuple::operator=(const erl::tuple& other) {
  return *this = erl::tuple(other);
}

erl::tuple& erl::tuple::operator=(erl::tuple&& other) noexcept {
  auto taken = std::move(other.elements_);
  elements_.swap(taken);
  return *this;
}

erl::tuple::const_iterator erl::tuple::begin() const noexcept {
  return elements_.begin();
}

erl::tuple::const_iterator erl::tuple::end() const noexcept {
  return elements_.end();
}

std::size_t erl::tuple::size() const noexcept {
  return elements_.size();
}

bool erl::tuple::empty() const noexcept {
  return elements_.empty();
}

const term& erl::tuple::operator[](std::size_t index) const noexcept {
  return elements_[index];
}

// -- maps -------------------------------------------------------------------------------------------------------------

namespace {

constexpr auto by_key = [](const erl::map::value_type& x, const erl::map::value_type& y) { return x.first < y.first; };
constexpr auto same_key = [](const erl::map::value_type& x, const erl::map::value_type& y) {
  return x.first == y.first;
};

} // namespace

erl::map::map() noexcept = default;

erl::map::map(std::vector<value_type> entries) : entries_(std::move(entries)) {
  // Sorted backwards, the last of equal keys comes first, which is the one that `unique` keeps.
  std::reverse(entries_.begin(), entries_.end());
  std::stable_sort(entries_.begin(), entries_.end(), by_key);
  entries_.erase(std::unique(entries_.begin(), entries_.end(), same_key), entries_.end());
}

erl::map::map(std::initializer_list<value_type> entries) : erl::map(std::vector<value_type>(entries)) {}
erl::map::map(erl::map&&) noexcept = default;

erl::map::map(const erl::map& other) : entries_(internal::value::copy(other.entries_)) {}

erl::map::~map() {
  internal::value::release(entries_);
}

erl::map& erl::map::operator=(const erl::map& other) {
  return *this = erl::map(other);
}

erl::map& erl::map::operator=(erl::map&& other) noexcept {
  auto taken = std::move(other.entries_);
  entries_.swap(taken);
  return *this;
}

std::optional<erl::map> erl::map::unique(std::vector<value_type> entries) {
  std::sort(entries.begin(), entries.end(), by_key);
  if (std::adjacent_find(entries.begin(), entries.end(), same_key) != entries.end())
    return std::nullopt;
  auto result = erl::map{};
  result.entries_ = std::move(entries);
  return result;
}

erl::map::const_iterator erl::map::begin() const noexcept {
  return entries_.begin();
}

erl::map::const_iterator erl::map::end() const noexcept {
  return entries_.end();
}

std::size_t erl::map::size() const noexcept {
  return entries_.size();
}

bool erl::map::empty() const noexcept {
  return entries_.empty();
}

const term* erl::map::find(const term& key) const {
  auto less = [](const value_type& entry, const term& wanted) { return entry.first < wanted; };
  auto i = std::lower_bound(entries_.begin(), entries_.end(), key, less);
  return i != entries_.end() && i->first == key ? &i->second : nullptr;
}

// -- term -------------------------------------------------------------------------------------------------------------

template <class T>
void term::construct_box(T&& value) {
  kind_ = detail::kind_of<T>::value;
  std::construct_at(stored<detail::term_box>(), std::make_shared<const T>(std::move(value)));
}

term::term(std::string text) noexcept : term(erl::bitstring{std::move(text)}) {}

term::term(erl::big_integer value) : kind_(detail::term_kind::integer) {
  if (auto small = value.to_int64())
    std::construct_at(stored<std::int64_t>(), *small);
  else
    construct_box(std::move(value));
}

term::term(atom value) noexcept : kind_(detail::term_kind::atom) {
  std::construct_at(stored<atom>(), std::move(value));
}

term::term(erl::bitstring value) noexcept : kind_(detail::term_kind::bits) {
  std::construct_at(stored<erl::bitstring>(), std::move(value));
}

term::term(erl::list value) noexcept : kind_(detail::term_kind::list) {
  std::construct_at(stored<erl::list>(), std::move(value));
}

term::term(erl::tuple value) noexcept : kind_(detail::term_kind::tuple) {
  std::construct_at(stored<erl::tuple>(), std::move(value));
}

term::term(erl::map value) noexcept : kind_(detail::term_kind::map) {
  std::construct_at(stored<erl::map>(), std::move(value));
}

term::term(pid value) {
  construct_box(std::move(value));
}

term::term(erl::port value) {
  construct_box(std::move(value));
}

term::term(erl::reference value) {
  construct_box(std::move(value));
}

term::term(erl::export_fun value) {
  construct_box(std::move(value));
}

term::term(erl::opaque value) {
  construct_box(std::move(value));
}

void term::construct_unsigned(std::uint64_t value) {
  auto magnitude = std::string{};
  for (; value != 0; value >>= 8)
    magnitude += static_cast<char>(value & 0xFF);
  construct_box(erl::big_integer{false, std::move(magnitude)});
}

namespace {

/// Calls `f` with the type of what terms of that kind store.
template <class F>
void with_stored_type(detail::term_kind kind, F f) {
  using detail::term_kind;
  switch (kind) {
  case term_kind::integer:
    return f(std::type_identity<std::int64_t>{});
  case term_kind::real:
    return f(std::type_identity<double>{});
  case term_kind::atom:
    return f(std::type_identity<atom>{});
  case term_kind::bits:
    return f(std::type_identity<erl::bitstring>{});
  case term_kind::list:
    return f(std::type_identity<erl::list>{});
  case term_kind::tuple:
    return f(std::type_identity<erl::tuple>{});
  case term_kind::map:
    return f(std::type_identity<erl::map>{});
  default:
    return f(std::type_identity<detail::term_box>{});
  }
}

} // namespace

term::term(const term& other) : kind_(other.kind_) {
  with_stored_type(kind_, [&]<class T>(std::type_identity<T>) { std::construct_at(stored<T>(), *other.stored<T>()); });
}

term::term(term&& other) noexcept : kind_(other.kind_) {
  with_stored_type(
      kind_, [&]<class T>(std::type_identity<T>) { std::construct_at(stored<T>(), std::move(*other.stored<T>())); });
}

term& term::operator=(const term& other) {
  return *this = term{other}; // `other` may be an element of this
}

term& term::operator=(term&& other) noexcept {
  auto taken = term{std::move(other)};
  std::destroy_at(this);
  return *std::construct_at(this, std::move(taken));
}

void term::destroy() noexcept {
  with_stored_type(kind_, [this]<class T>(std::type_identity<T>) { std::destroy_at(stored<T>()); });
}

bool term::is_atom(std::string_view name) const noexcept {
  auto* value = get_if<atom>();
  return value && *value == name;
}

bool term::is_nil() const noexcept {
  auto* value = get_if<erl::list>();
  return value && value->empty();
}

bool term::is_binary() const noexcept {
  return as_binary().has_value();
}

std::optional<std::string_view> term::as_binary() const noexcept {
  auto* value = get_if<erl::bitstring>();
  if (!value || value->unused_bits != 0)
    return std::nullopt;
  return value->bytes;
}

// -- small helpers ----------------------------------------------------------------------------------------------------

const erl::tuple* match_tagged(const term& x, std::string_view tag, std::size_t arity) noexcept {
  auto* value = x.get_if<erl::tuple>();
  return value && value->size() == arity && arity > 0 && (*value)[0].is_atom(tag) ? value : nullptr;
}

} // namespace peer
