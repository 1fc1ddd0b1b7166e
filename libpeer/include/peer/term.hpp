// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"

#include "caf/fwd.hpp"

#include <compare>
#include <concepts>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

/// @file
/// One Erlang value as a C++ value. A term owns its elements, copies deeply, and is as thread-safe as an `int`. It may
/// be nested as deeply as memory allows: no operation on terms needs a deep stack.
///
/// Rules come from the Erlang Reference Manual ("Data Types", "Expressions: Term Comparisons") and from ERTS' "External
/// Term Format".

namespace caf {

class deserializer;
class error;
class serializer;

} // namespace caf

namespace peer {

class term;

namespace detail {

struct term_storage;

} // namespace detail

// -- atoms ------------------------------------------------------------------------------------------------------------

/// A named constant. The name is UTF-8 and has at most 255 characters; a longer one cannot be encoded.
class atom {
public:
  /// The atom `''`.
  atom() noexcept = default;

  explicit atom(std::string name) noexcept : name_(std::move(name)) {}

  explicit atom(std::string_view name) : name_(name) {}

  explicit atom(const char* name) : name_(name) {}

  const std::string& name() const noexcept { return name_; }

  friend bool operator==(const atom&, const atom&) noexcept = default;

  /// Orders by code points, as Erlang does.
  friend std::strong_ordering operator<=>(const atom&, const atom&) noexcept = default;

  friend bool operator==(const atom& x, std::string_view name) noexcept { return x.name_ == name; }

private:
  std::string name_;
};

// -- pids -------------------------------------------------------------------------------------------------------------

/// A process of `node`. Only that node knows whether the process is alive.
struct pid {
  atom node;
  std::uint32_t id = 0;
  std::uint32_t serial = 0;
  std::uint32_t creation = 0;

  friend bool operator==(const pid&, const pid&) noexcept = default;

  /// By serial and id, then by node and creation, as ERTS does.
  friend std::strong_ordering operator<=>(const pid& x, const pid& y) noexcept;
};

namespace erl {

// -- numbers ----------------------------------------------------------------------------------------------------------

/// An integer outside of the range of `std::int64_t`. Integers inside of it are never stored this way.
class big_integer {
public:
  /// @param magnitude absolute value, least significant byte first; leading (most significant) zeros are dropped.
  big_integer(bool negative, std::string magnitude);

  /// Reads digits of `base` (2 to 36), without sign or prefix. Nothing if a character is not a digit of that base.
  static std::optional<big_integer> parse(bool negative, std::string_view digits, int base);

  bool negative() const noexcept { return negative_; }

  /// The absolute value, least significant byte first, without leading zeros.
  const std::string& magnitude() const noexcept { return magnitude_; }

  /// The value as `std::int64_t` if it is in range.
  std::optional<std::int64_t> to_int64() const noexcept;

  /// The value as `std::uint64_t` if it is in range.
  std::optional<std::uint64_t> to_uint64() const noexcept;

  /// The nearest double; infinity if it is out of range.
  double to_double() const noexcept;

  /// Decimal digits with sign.
  std::string to_string() const;

  friend bool operator==(const big_integer&, const big_integer&) noexcept = default;

  friend std::strong_ordering operator<=>(const big_integer& x, const big_integer& y) noexcept;

private:
  bool negative_ = false;
  std::string magnitude_;
};

// -- binaries ---------------------------------------------------------------------------------------------------------

/// A sequence of bytes, or of bits: then the last byte uses only its `8 - unused_bits` most significant bits and the
/// others are zero.
struct bitstring {
  std::string bytes;
  std::uint8_t unused_bits = 0; ///< 0 to 7; always 0 if `bytes` is empty. 0 makes it a binary.

  friend bool operator==(const bitstring&, const bitstring&) noexcept = default;

  /// Bit by bit, a prefix first.
  friend std::strong_ordering operator<=>(const bitstring& x, const bitstring& y) noexcept;
};

// -- identifiers ------------------------------------------------------------------------------------------------------

/// A port of `node`.
struct port {
  atom node;
  std::uint64_t id = 0;
  std::uint32_t creation = 0;

  friend bool operator==(const port&, const port&) noexcept = default;

  /// By node and creation, then by id, as ERTS does.
  friend std::strong_ordering operator<=>(const port& x, const port& y) noexcept;
};

/// A reference made by `node`.
struct reference {
  atom node;
  std::uint32_t creation = 0;
  std::vector<std::uint32_t> ids; ///< 1 to 5 numbers, in the order of the wire.

  /// Zeros at the end of the numbers do not count, as in ERTS.
  friend bool operator==(const reference& x, const reference& y) noexcept;

  /// By node and creation, then by the numbers, of which the last is the most significant, as ERTS does.
  friend std::weak_ordering operator<=>(const reference& x, const reference& y) noexcept;
};

// -- functions --------------------------------------------------------------------------------------------------------

/// `fun Module:Function/Arity`.
struct export_fun {
  atom module;
  atom function;
  std::uint8_t arity = 0;

  friend bool operator==(const export_fun&, const export_fun&) noexcept = default;
  friend std::strong_ordering operator<=>(const export_fun&, const export_fun&) noexcept = default;
};

/// A term that only the runtime that made it can use (a closure, or a term in that runtime's local format). It is
/// stored as received and can be sent back. Opaque terms are ordered by their bytes; Erlang orders closures by their
/// environment.
struct opaque {
  std::string encoded; ///< External term format, from the tag on.

  friend bool operator==(const opaque&, const opaque&) noexcept = default;
  friend std::strong_ordering operator<=>(const opaque&, const opaque&) noexcept = default;
};

// -- containers -------------------------------------------------------------------------------------------------------

/// `[E1, E2, …]` or, improper, `[E1, E2, … | Tail]`.
class list {
public:
  using const_iterator = std::vector<term>::const_iterator;

  list() noexcept;
  explicit list(std::vector<term> elements) noexcept;
  list(std::initializer_list<term> elements);
  list(const list&);
  list(list&&) noexcept;
  list& operator=(const list&);
  list& operator=(list&&) noexcept;
  ~list();

  /// Makes `[elements… | tail]`. A tail that is a list continues this one, as in Erlang. Without elements the result is
  /// `tail` itself, which need not be a list.
  static term cons(std::vector<term> elements, term tail);

  /// The elements before the tail.
  const_iterator begin() const noexcept;
  const_iterator end() const noexcept;
  std::size_t size() const noexcept;
  bool empty() const noexcept;
  const term& operator[](std::size_t index) const noexcept;

  /// The tail of an improper list; null for a proper one.
  const term* tail() const noexcept;

  bool proper() const noexcept { return !improper_; }

  friend bool operator==(const list& x, const list& y);

private:
  friend struct detail::term_storage;

  std::vector<term> items_; // if improper_, the last item is the tail
  bool improper_ = false;
};

/// `{E1, E2, …}`.
class tuple {
public:
  using const_iterator = std::vector<term>::const_iterator;

  tuple() noexcept;
  explicit tuple(std::vector<term> elements) noexcept;
  tuple(std::initializer_list<term> elements);
  tuple(const tuple&);
  tuple(tuple&&) noexcept;
  tuple& operator=(const tuple&);
  tuple& operator=(tuple&&) noexcept;
  ~tuple();

  const_iterator begin() const noexcept;
  const_iterator end() const noexcept;
  std::size_t size() const noexcept;
  bool empty() const noexcept;
  const term& operator[](std::size_t index) const noexcept;

  friend bool operator==(const tuple& x, const tuple& y);

private:
  friend struct detail::term_storage;

  std::vector<term> elements_;
};

/// `#{K1 => V1, …}`, kept in the order of its keys (integers before floats, as Erlang orders keys).
class map {
public:
  using value_type = std::pair<term, term>;
  using const_iterator = std::vector<value_type>::const_iterator;

  map() noexcept;
  /// Of equal keys the last one counts, as in a map expression.
  explicit map(std::vector<value_type> entries);
  map(std::initializer_list<value_type> entries);
  map(const map&);
  map(map&&) noexcept;
  map& operator=(const map&);
  map& operator=(map&&) noexcept;
  ~map();

  /// Makes a map of entries whose keys must differ; nothing if two are equal.
  static std::optional<map> unique(std::vector<value_type> entries);

  const_iterator begin() const noexcept;
  const_iterator end() const noexcept;
  std::size_t size() const noexcept;
  bool empty() const noexcept;

  /// The value of `key`, null if there is none. 1 and 1.0 are different keys.
  const term* find(const term& key) const;

  friend bool operator==(const map& x, const map& y);

private:
  friend struct detail::term_storage;

  std::vector<value_type> entries_;
};

} // namespace erl

// -- term -------------------------------------------------------------------------------------------------------------

namespace detail {

/// What a term is.
enum class term_kind : std::uint8_t {
  list,
  integer,
  big_integer,
  real,
  atom,
  bits,
  tuple,
  map,
  pid,
  port,
  reference,
  export_fun,
  opaque,
};

/// The kind whose terms hold a `T`.
template <class T>
struct kind_of;

template <term_kind Kind>
using kind_constant = std::integral_constant<term_kind, Kind>;

template <>
struct kind_of<erl::list> : kind_constant<term_kind::list> {};
template <>
struct kind_of<std::int64_t> : kind_constant<term_kind::integer> {};
template <>
struct kind_of<erl::big_integer> : kind_constant<term_kind::big_integer> {};
template <>
struct kind_of<double> : kind_constant<term_kind::real> {};
template <>
struct kind_of<atom> : kind_constant<term_kind::atom> {};
template <>
struct kind_of<erl::bitstring> : kind_constant<term_kind::bits> {};
template <>
struct kind_of<erl::tuple> : kind_constant<term_kind::tuple> {};
template <>
struct kind_of<erl::map> : kind_constant<term_kind::map> {};
template <>
struct kind_of<pid> : kind_constant<term_kind::pid> {};
template <>
struct kind_of<erl::port> : kind_constant<term_kind::port> {};
template <>
struct kind_of<erl::reference> : kind_constant<term_kind::reference> {};
template <>
struct kind_of<erl::export_fun> : kind_constant<term_kind::export_fun> {};
template <>
struct kind_of<erl::opaque> : kind_constant<term_kind::opaque> {};

/// A rare identifier or number, stored on the heap to keep terms small. Never null, never modified.
using term_box = std::shared_ptr<const void>;

/// Whether terms of that kind hold a box.
constexpr bool is_boxed(term_kind kind) noexcept {
  return kind == term_kind::big_integer || kind >= term_kind::pid;
}

} // namespace detail

/// Any Erlang value.
class term {
public:
  // -- constructors ---

  /// The empty list.
  term() noexcept : kind_(detail::term_kind::list) { std::construct_at(stored<erl::list>()); }

  template <std::integral T>
    requires(!std::same_as<T, bool> && !std::same_as<T, char>)
  term(T value) : kind_(detail::term_kind::integer) {
    if (std::in_range<std::int64_t>(value))
      std::construct_at(stored<std::int64_t>(), static_cast<std::int64_t>(value));
    else
      construct_unsigned(static_cast<std::uint64_t>(value));
  }

  /// The atom `true` or `false`.
  template <std::same_as<bool> T>
  term(T value) : term(atom{value ? "true" : "false"}) {}

  /// @pre `value` is finite; Erlang has neither infinities nor NaN, and the encoder refuses them.
  template <std::floating_point T>
  term(T value) noexcept : kind_(detail::term_kind::real) {
    std::construct_at(stored<double>(), static_cast<double>(value));
  }

  /// A binary with the bytes of `text`.
  term(std::string text) noexcept;
  term(std::string_view text) : term(std::string{text}) {}
  term(const char* text) : term(std::string{text}) {}

  term(erl::big_integer value);
  term(atom value) noexcept;
  term(erl::bitstring value) noexcept;
  term(erl::list value) noexcept;
  term(erl::tuple value) noexcept;
  term(erl::map value) noexcept;
  term(pid value);
  term(erl::port value);
  term(erl::reference value);
  term(erl::export_fun value);
  term(erl::opaque value);

  term(const term& other);
  term(term&& other) noexcept;
  term& operator=(const term& other);
  term& operator=(term&& other) noexcept;

  ~term() {
    if (kind_ != detail::term_kind::integer && kind_ != detail::term_kind::real)
      destroy();
  }

  // -- access ---

  /// A pointer to the value if it is a `T`, else null. `T` is one of the types above, with `std::int64_t` for integers
  /// in its range and `big_integer` for all others.
  template <class T>
  const T* get_if() const noexcept {
    constexpr auto kind = detail::kind_of<T>::value;
    if (kind_ != kind)
      return nullptr;
    if constexpr (detail::is_boxed(kind))
      return static_cast<const T*>(stored<detail::term_box>()->get());
    else
      return stored<T>();
  }

  template <class T>
  bool is() const noexcept {
    return get_if<T>() != nullptr;
  }

  /// Whether this is the atom of that name.
  bool is_atom(std::string_view name) const noexcept;

  bool is_nil() const noexcept;

  /// Whether this is a string of bytes; bits left over do not count.
  bool is_binary() const noexcept;

  /// The bytes of a binary; nothing for anything else, also for a bit string.
  std::optional<std::string_view> as_binary() const noexcept;

  // -- comparison ---
  //
  // Of containers that are nested more than a few levels deep, these allocate, and throw `std::bad_alloc` if there is
  // no memory.

  /// Erlang's `=:=`: 1 and 1.0 differ. 0.0 and -0.0 do not, as in OTP up to 26.
  friend bool operator==(const term& x, const term& y);

  /// Erlang's term order, in the exact form that orders the keys of a map: every integer comes before every float, at
  /// any depth. Agrees with `==`.
  friend std::weak_ordering operator<=>(const term& x, const term& y);

  /// Erlang's term order as `<` and `==` see it: number < atom < reference < fun < port < pid < tuple < map < [] < list
  /// < bit string, and 1 equals 1.0. Integers and floats are compared by their exact values, however large. The keys of
  /// maps are compared by `<=>` nevertheless. Opaque terms count as funs that come before `fun M:F/A`.
  friend std::weak_ordering compare(const term& x, const term& y);

private:
  friend struct detail::term_storage;

  template <class T>
  T* stored() noexcept {
    return std::launder(reinterpret_cast<T*>(storage_));
  }

  template <class T>
  const T* stored() const noexcept {
    return std::launder(reinterpret_cast<const T*>(storage_));
  }

  void construct_unsigned(std::uint64_t value);

  template <class T>
  void construct_box(T&& value);

  void destroy() noexcept;

  // Not std::variant: its copies, moves and visits are compiled again in each file that holds a term.
  alignas(erl::bitstring) std::byte storage_[sizeof(erl::bitstring)]; ///< A `T` of `kind_of<T>`, or a box with one.
  detail::term_kind kind_;
};

std::weak_ordering compare(const term& x, const term& y);

// -- small helpers ----------------------------------------------------------------------------------------------------

/// Makes `{atom, rest…}`: the usual shape of an Erlang message.
template <class... Ts>
erl::tuple tagged(std::string_view tag, Ts&&... rest) {
  return erl::tuple{term{atom{tag}}, term{std::forward<Ts>(rest)}...};
}

/// The elements of `x` if it is a tuple of `arity` elements that starts with the atom `tag`, else null.
const erl::tuple* match_tagged(const term& x, std::string_view tag, std::size_t arity) noexcept;

// -- inspection by CAF ------------------------------------------------------------------------------------------------

std::string to_string(const term& value); // see text.hpp
std::string to_string(const atom& value);

namespace detail {

// Each of these is false at an error, which `inspect_error` describes.
bool to_bytes(const term& x, std::string& bytes);
bool from_bytes(const std::string& bytes, term& x);
bool from_text(const std::string& text, term& x);
bool from_text(const std::string& text, atom& x);
const caf::error& inspect_error() noexcept;

template <class Inspector>
bool inspect_term(Inspector& f, term& x) {
  std::string text;
  auto is_text = f.has_human_readable_format();
  if constexpr (Inspector::is_loading) {
    if (!f.apply(text))
      return false;
    if (is_text ? detail::from_text(text, x) : detail::from_bytes(text, x))
      return true;
  } else {
    if (is_text)
      return f.apply(to_string(x));
    if (detail::to_bytes(x, text))
      return f.apply(text);
  }
  f.set_error(detail::inspect_error());
  return false;
}

template <class Inspector>
bool inspect_term(Inspector& f, atom& x) {
  if constexpr (Inspector::is_loading) {
    std::string name;
    if (!f.apply(name))
      return false;
    if (detail::from_text(name, x))
      return true;
    f.set_error(detail::inspect_error());
    return false;
  } else {
    return f.apply(x.name());
  }
}

} // namespace detail

/// Inspects a term for CAF's own messages: as Erlang text for human-readable formats, else in the external format.
/// libpeer's own inspectors (convert.hpp) do not use these functions.
template <class Inspector>
bool inspect(Inspector& f, term& x) {
  return detail::inspect_term(f, x);
}

/// Inspects an atom as its name.
template <class Inspector>
bool inspect(Inspector& f, atom& x) {
  return detail::inspect_term(f, x);
}

// For CAF's virtual inspectors, which may be libpeer's: these write terms as they are.
bool inspect(caf::serializer& f, term& x);
bool inspect(caf::serializer& f, atom& x);
bool inspect(caf::deserializer& f, term& x);
bool inspect(caf::deserializer& f, atom& x);

/// Prints `value` on one line in Erlang's syntax, as `io:format("~0tp", [Value])` does where all of Unicode is
/// printable:
///
///     atom                  quoted where needed; `'maybe'` and `'else'` always, since OTP 27 reserves them
///     float                 the fewest digits that give it back: 0.1, 1.0e22, 5.0e-324
///     list of characters    "text", if all of them are printable and there is one; control characters are escaped
///     binary                <<"text">> or <<"téxt"/utf8>> if it is printable UTF-8 and not empty, else <<1,2,3>>
///     bit string            <<1,5:3>>
///     map                   #{key => value,...} in the order of the keys
///     pid                   #Pid<node.id.serial>
///     port                  #Port<node.id>
///     reference             #Ref<node.n.n.n>, the most significant number first
///     opaque                #Opaque<N bytes>
///
/// `parse_term` and `erl_parse` read all of these except the last four. Bytes of an atom that are not valid UTF-8 are
/// printed as U+FFFD.
std::string to_string(const term& value);

/// Prints an atom, quoted where Erlang's syntax needs it.
std::string to_string(const atom& value);

/// The Erlang string of a UTF-8 text: a list of code points. Bytes that are not valid UTF-8 are read as Latin-1.
term to_charlist(std::string_view text);

/// Reads one term in Erlang's syntax (Reference Manual, "Data Types" and "Bit Syntax Expressions"), with an optional
/// full stop at its end. `text` is UTF-8. Accepts what `erl_parse:parse_term/1` accepts: adjacent strings are joined,
/// the last one of equal keys of a map counts, segments of a binary have sizes and types.
///
/// Fails with `errc::bad_syntax` and a sentence with line, column, the expected and the found text. All binaries
/// together are limited to 16 MiB, since a short text such as `<<0:8000000000>>` can denote a large one. Pids, ports,
/// references and opaque terms cannot be read: their printed form does not identify them.
caf::expected<term> parse_term(std::string_view text);

/// Reads terms separated by commas, such as the arguments of a call: "1, [a, b]". Empty text gives no terms. Limits and
/// errors are those of `parse_term`.
caf::expected<std::vector<term>> parse_terms(std::string_view text);

/// `Module:Function(Arguments…)`.
struct call_expression {
  atom module;
  atom function;
  std::vector<term> arguments;
};

/// Reads a remote call whose arguments are terms, with an optional full stop at its end. Limits and errors are those of
/// `parse_term`.
caf::expected<call_expression> parse_call(std::string_view text);

} // namespace peer
