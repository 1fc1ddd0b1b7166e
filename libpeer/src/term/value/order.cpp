// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/detail/small_stack.hpp"
#include "peer/term.hpp"
#include "term/value/elements.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstring>
#include <utility>

namespace peer {

namespace {

// -- magnitudes -------------------------------------------------------------------------------------------------------

unsigned byte_at(std::string_view bytes, std::size_t index) {
  return static_cast<unsigned char>(bytes[index]);
}

// Little-endian, without leading zeros.
std::strong_ordering compare_magnitudes(std::string_view x, std::string_view y) {
  if (x.size() != y.size())
    return x.size() <=> y.size();
  for (auto i = x.size(); i > 0; --i)
    if (x[i - 1] != y[i - 1])
      return byte_at(x, i - 1) <=> byte_at(y, i - 1);
  return std::strong_ordering::equal;
}

std::strong_ordering reverse_if(bool condition, std::strong_ordering order) {
  return condition ? 0 <=> order : order;
}

// -- numbers ----------------------------------------------------------------------------------------------------------

constexpr auto two_to_63 = 9223372036854775808.0;

// Compares |x| with |y|, both at least 2^63, without rounding either.
std::strong_ordering compare_large(const erl::big_integer& x, double y) {
  auto bytes = std::string_view{x.magnitude()};
  auto exponent = 0;
  auto fraction = std::frexp(std::abs(y), &exponent); // [0.5, 1)
  auto top_bits = std::bit_width(byte_at(bytes, bytes.size() - 1));
  auto width = (bytes.size() - 1) * 8 + static_cast<std::size_t>(top_bits);
  if (width != static_cast<std::size_t>(exponent))
    return width <=> static_cast<std::size_t>(exponent);
  // As both have the same number of bits, their 64 highest ones are next; a double has no others.
  auto rest = bytes.size() - 8;
  auto top = std::uint64_t{0};
  for (auto i = bytes.size(); i > rest; --i)
    top = top << 8 | byte_at(bytes, i - 1);
  auto missing = 8 - top_bits;
  auto low = 0u;
  if (missing > 0 && rest > 0) {
    auto next = byte_at(bytes, --rest);
    top = top << missing | next >> top_bits;
    low = next << missing & 0xFF;
  } else {
    top <<= missing;
  }
  auto mantissa = static_cast<std::uint64_t>(std::ldexp(fraction, 64));
  if (top != mantissa)
    return top <=> mantissa;
  auto exact = low == 0 && bytes.substr(0, rest).find_first_not_of('\0') == std::string_view::npos;
  return exact ? std::strong_ordering::equal : std::strong_ordering::greater;
}

std::strong_ordering sign_order(bool negative) {
  return negative ? std::strong_ordering::less : std::strong_ordering::greater;
}

std::strong_ordering compare_values(std::int64_t x, double y) {
  if (!(std::abs(y) < two_to_63)) // infinities and NaN, too: not Erlang values, but they must be ordered
    return y == -two_to_63 ? x <=> INT64_MIN : sign_order(!std::signbit(y));
  auto whole = static_cast<std::int64_t>(y);
  if (x != whole)
    return x <=> whole;
  auto fraction = y - std::trunc(y);
  return fraction == 0 ? std::strong_ordering::equal : sign_order(fraction > 0);
}

std::strong_ordering compare_values(const erl::big_integer& x, double y) {
  if (std::abs(y) < two_to_63)
    return sign_order(x.negative());
  if (!std::isfinite(y) || std::signbit(y) != x.negative())
    return sign_order(!std::signbit(y));
  return reverse_if(x.negative(), compare_large(x, y));
}

std::weak_ordering compare_numbers(const term& x, const term& y, bool exact) {
  auto* x_real = x.get_if<double>();
  auto* y_real = y.get_if<double>();
  if (x_real && y_real)
    return std::weak_order(*x_real, *y_real); // 0.0 and -0.0 are equivalent
  if (x_real)
    return 0 <=> compare_numbers(y, x, exact);
  auto* x_small = x.get_if<std::int64_t>();
  auto* x_big = x.get_if<erl::big_integer>();
  if (y_real) {
    if (exact)
      return std::weak_ordering::less;
    return x_small ? compare_values(*x_small, *y_real) : compare_values(*x_big, *y_real);
  }
  auto* y_small = y.get_if<std::int64_t>();
  auto* y_big = y.get_if<erl::big_integer>();
  if (x_small)
    return y_small ? *x_small <=> *y_small : sign_order(!y_big->negative());
  return y_small ? sign_order(x_big->negative()) : *x_big <=> *y_big;
}

// -- terms ------------------------------------------------------------------------------------------------------------

enum class rank { number, name, reference, fun, port, pid, tuple, map, nil, list, bits };

rank rank_of_term(const term& x) {
  using detail::term_kind;
  switch (detail::term_storage::kind(x)) {
  case term_kind::list:
    return x.get_if<erl::list>()->empty() ? rank::nil : rank::list;
  case term_kind::atom:
    return rank::name;
  case term_kind::bits:
    return rank::bits;
  case term_kind::tuple:
    return rank::tuple;
  case term_kind::map:
    return rank::map;
  case term_kind::pid:
    return rank::pid;
  case term_kind::port:
    return rank::port;
  case term_kind::reference:
    return rank::reference;
  case term_kind::export_fun:
  case term_kind::opaque:
    return rank::fun;
  default:
    return rank::number;
  }
}

std::weak_ordering order_funs(const term& x, const term& y) {
  auto* x_opaque = x.get_if<erl::opaque>();
  auto* y_opaque = y.get_if<erl::opaque>();
  if (x_opaque && y_opaque)
    return *x_opaque <=> *y_opaque;
  if (x_opaque || y_opaque)
    return sign_order(x_opaque != nullptr);
  return *x.get_if<erl::export_fun>() <=> *y.get_if<erl::export_fun>();
}

/// Compares terms of the same rank that are no containers.
std::weak_ordering order_leaves(rank both, const term& x, const term& y, bool exact) {
  switch (both) {
  case rank::number:
    return compare_numbers(x, y, exact);
  case rank::name:
    return *x.get_if<atom>() <=> *y.get_if<atom>();
  case rank::reference:
    return *x.get_if<erl::reference>() <=> *y.get_if<erl::reference>();
  case rank::fun:
    return order_funs(x, y);
  case rank::port:
    return *x.get_if<erl::port>() <=> *y.get_if<erl::port>();
  case rank::pid:
    return *x.get_if<pid>() <=> *y.get_if<pid>();
  case rank::bits:
    return *x.get_if<erl::bitstring>() <=> *y.get_if<erl::bitstring>();
  default:
    return std::weak_ordering::equivalent;
  }
}

/// What is left of two containers that are being compared. Not initialised: a stack has room for some.
struct container_pair {
  const term* x; ///< Of lists and tuples.
  const term* y;
  const erl::map::value_type* x_entry; ///< Of maps.
  const erl::map::value_type* y_entry;
  std::size_t left;
  std::size_t values_left; ///< Those of a map, behind its keys.
  int otherwise;           ///< The order if all elements are equal.
  bool exact;
};

bool is_container(rank x) {
  return x == rank::tuple || x == rank::map || x == rank::list;
}

int sign_of(std::weak_ordering order) {
  return order < 0 ? -1 : order > 0 ? 1 : 0;
}

/// Where one list has no more elements, its tail meets what is left of the other: a tail, or a list that is not empty.
/// `equivalent` if tail meets tail.
std::weak_ordering order_ends(const erl::list& x, const erl::list& y) {
  auto end_rank = [](const erl::list& value) { return value.proper() ? rank::nil : rank_of_term(*value.tail()); };
  if (x.size() > y.size())
    return rank::list <=> end_rank(y);
  if (x.size() < y.size())
    return end_rank(x) <=> rank::list;
  return end_rank(x) <=> end_rank(y);
}

/// Compares terms without recursion: the containers around the elements that are compared are on a stack.
class comparison {
public:
  std::weak_ordering run(const auto& x, const auto& y, bool exact) {
    auto result = compare(x, y, exact);
    while (result == 0 && !open_.empty())
      result = step(open_.back());
    return result;
  }

private:
  std::weak_ordering step(container_pair& pair) {
    if (pair.left > 0)
      return pair.x_entry ? next_entry(pair) : next_items(pair);
    if (pair.values_left > 0) {
      pair.left = std::exchange(pair.values_left, 0);
      pair.x_entry -= pair.left;
      pair.y_entry -= pair.left;
      return std::weak_ordering::equivalent;
    }
    auto result = pair.otherwise <=> 0;
    open_.pop_back();
    return result;
  }

  /// Compares items up to a container.
  std::weak_ordering next_items(container_pair& pair) {
    while (pair.left > 0) {
      --pair.left;
      auto& x = *pair.x++;
      auto& y = *pair.y++;
      auto x_rank = rank_of_term(x);
      if (auto result = x_rank <=> rank_of_term(y); result != 0)
        return result;
      if (is_container(x_rank))
        return open(x_rank, x, y, pair.exact);
      if (auto result = order_leaves(x_rank, x, y, pair.exact); result != 0)
        return result;
    }
    return std::weak_ordering::equivalent;
  }

  std::weak_ordering next_entry(container_pair& pair) {
    --pair.left;
    auto& x = *pair.x_entry++;
    auto& y = *pair.y_entry++;
    return pair.values_left > 0 ? compare(x.first, y.first, true) : compare(x.second, y.second, pair.exact);
  }

  /// Compares leaves, and opens containers.
  std::weak_ordering compare(const term& x, const term& y, bool exact) {
    auto x_rank = rank_of_term(x);
    if (auto result = x_rank <=> rank_of_term(y); result != 0)
      return result;
    return is_container(x_rank) ? open(x_rank, x, y, exact) : order_leaves(x_rank, x, y, exact);
  }

  /// Compares the sizes, and puts the elements on the stack.
  std::weak_ordering open(rank both, const term& x, const term& y, bool exact) {
    if (both == rank::tuple)
      return compare(*x.get_if<erl::tuple>(), *y.get_if<erl::tuple>(), exact);
    if (both == rank::map)
      return compare(*x.get_if<erl::map>(), *y.get_if<erl::map>(), exact);
    return compare(*x.get_if<erl::list>(), *y.get_if<erl::list>(), exact);
  }

  std::weak_ordering compare(const erl::list& x, const erl::list& y, bool exact) {
    auto count = std::min(x.size(), y.size());
    auto otherwise = order_ends(x, y);
    if (count == 0)
      return otherwise;
    // The tails are compared as the last elements.
    auto tails = x.size() == y.size() && !x.proper() && !y.proper() ? 1 : 0;
    open_.push_back({&x[0], &y[0], nullptr, nullptr, count + tails, 0, sign_of(otherwise), exact});
    return std::weak_ordering::equivalent;
  }

  std::weak_ordering compare(const erl::tuple& x, const erl::tuple& y, bool exact) {
    if (x.size() == y.size() && !x.empty())
      open_.push_back({&x[0], &y[0], nullptr, nullptr, x.size(), 0, 0, exact});
    return x.size() <=> y.size();
  }

  /// The number of entries, then the keys, which are always compared exactly, then the values in the order of the keys.
  std::weak_ordering compare(const erl::map& x, const erl::map& y, bool exact) {
    if (x.size() == y.size() && !x.empty())
      open_.push_back({nullptr, nullptr, &*x.begin(), &*y.begin(), x.size(), x.size(), 0, exact});
    return x.size() <=> y.size();
  }

  detail::small_stack<container_pair, 4> open_;
};

std::weak_ordering order(const term& x, const term& y, bool exact) {
  auto x_rank = rank_of_term(x);
  if (auto result = x_rank <=> rank_of_term(y); result != 0)
    return result;
  if (is_container(x_rank))
    return comparison{}.run(x, y, exact);
  return order_leaves(x_rank, x, y, exact);
}

std::size_t significant_ids(const erl::reference& x) {
  auto size = x.ids.size();
  while (size > 0 && x.ids[size - 1] == 0)
    --size;
  return size;
}

} // namespace

// -- alternatives -----------------------------------------------------------------------------------------------------

namespace erl {

std::strong_ordering operator<=>(const big_integer& x, const big_integer& y) noexcept {
  if (x.negative_ != y.negative_)
    return sign_order(x.negative_);
  return reverse_if(x.negative_, compare_magnitudes(x.magnitude_, y.magnitude_));
}

std::strong_ordering operator<=>(const bitstring& x, const bitstring& y) noexcept {
  auto x_bits = x.bytes.size() * 8 - x.unused_bits;
  auto y_bits = y.bytes.size() * 8 - y.unused_bits;
  auto common = std::min(x_bits, y_bits);
  if (auto result = std::memcmp(x.bytes.data(), y.bytes.data(), common / 8); result != 0)
    return result <=> 0;
  if (auto left = common % 8; left != 0) {
    auto x_last = byte_at(x.bytes, common / 8) >> (8 - left);
    auto y_last = byte_at(y.bytes, common / 8) >> (8 - left);
    if (x_last != y_last)
      return x_last <=> y_last;
  }
  return x_bits <=> y_bits;
}

std::strong_ordering operator<=>(const port& x, const port& y) noexcept {
  if (auto result = x.node <=> y.node; result != 0)
    return result;
  if (auto result = x.creation <=> y.creation; result != 0)
    return result;
  return x.id <=> y.id;
}

bool operator==(const reference& x, const reference& y) noexcept {
  return (x <=> y) == 0;
}

std::weak_ordering operator<=>(const reference& x, const reference& y) noexcept {
  if (auto result = x.node <=> y.node; result != 0)
    return result;
  if (auto result = x.creation <=> y.creation; result != 0)
    return result;
  auto size = significant_ids(x);
  if (auto result = size <=> significant_ids(y); result != 0)
    return result;
  for (; size > 0; --size)
    if (auto result = x.ids[size - 1] <=> y.ids[size - 1]; result != 0)
      return result;
  return std::weak_ordering::equivalent;
}

bool operator==(const list& x, const list& y) {
  return x.items_.size() == y.items_.size() && x.improper_ == y.improper_ && comparison{}.run(x, y, true) == 0;
}

bool operator==(const tuple& x, const tuple& y) {
  return comparison{}.run(x, y, true) == 0;
}

bool operator==(const map& x, const map& y) {
  return comparison{}.run(x, y, true) == 0;
}

// -- terms ------------------------------------------------------------------------------------------------------------

} // namespace erl

std::strong_ordering operator<=>(const pid& x, const pid& y) noexcept {
  if (auto result = x.serial <=> y.serial; result != 0)
    return result;
  if (auto result = x.id <=> y.id; result != 0)
    return result;
  if (auto result = x.node <=> y.node; result != 0)
    return result;
  return x.creation <=> y.creation;
}

bool operator==(const term& x, const term& y) {
  using storage = detail::term_storage;
  return storage::kind(x) == storage::kind(y) && order(x, y, true) == 0;
}

std::weak_ordering operator<=>(const term& x, const term& y) {
  return order(x, y, true);
}

std::weak_ordering compare(const term& x, const term& y) {
  return order(x, y, false);
}

} // namespace peer
