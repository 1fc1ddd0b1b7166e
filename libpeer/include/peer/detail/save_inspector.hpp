// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/direct_field.hpp"
#include "peer/detail/inspector_traits.hpp"
#include "peer/detail/limits.hpp"
#include "peer/detail/small_stack.hpp"
#include "peer/detail/writer.hpp"
#include "peer/error.hpp"

#include "caf/save_inspector_base.hpp"

#include <algorithm>
#include <span>
#include <tuple>

namespace peer::detail {

/// Writes C++ values as terms, as convert.hpp maps them. CAF asks `builtin_inspect` before all of its own rules; what
/// has a mapping of its own is therefore found here wherever it stands: alone, in a field, in a container.
class term_save_inspector : public caf::save_inspector_base<term_save_inspector> {
public:
  using super = caf::save_inspector_base<term_save_inspector>;

  /// Writes to `out`, which must outlive the inspector.
  explicit term_save_inspector(term_writer& out) noexcept : out_(&out) {}

  /// Names instead of numbers, and text for types that have both forms.
  bool has_human_readable_format() const noexcept { return true; }

  term_writer& writer() noexcept { return *out_; }

  /// Sets `errc::bad_term`. Always returns false.
  bool fail(std::string what);

  bool refuse_actor_handle() { return fail("an actor handle has no meaning in another process"); }

  // -- fields ---

  // See direct_field.hpp.

  template <class T>
  static auto field(caf_string_view name, T& x) {
    if constexpr (optional_like<T> || variant_like<T>) {
      auto get = [&x]() -> const T& { return x; };
      return direct_save_field<decltype(get)>{name, get};
    } else {
      return super::field(name, x);
    }
  }

  template <class Get, class Set>
  static auto field(caf_string_view name, Get get, Set&& set) {
    using type = std::decay_t<decltype(get())>;
    if constexpr (optional_like<type> || variant_like<type>)
      return direct_save_field<Get>{name, std::move(get)};
    else
      return super::field(name, std::move(get), std::forward<Set>(set));
  }

  template <class IsPresent, class Get, class Reset, class Set>
  static auto field(caf_string_view name, IsPresent is_present, Get get, Reset&&, Set&&) {
    return direct_optional_save_field<IsPresent, Get>{name, std::move(is_present), std::move(get)};
  }

  // -- what CAF asks of an inspector ---

  bool begin_object(caf::type_id_t type, caf_string_view name);
  bool end_object();

  /// Ends an object without fields as an atom instead of a tuple.
  bool end_object_as_atom(std::string_view name);

  /// Whether the innermost object has no field yet.
  bool object_is_empty() const noexcept { return frames_.back().size == 1; }

  bool begin_field(caf_string_view name);
  bool begin_field(caf_string_view name, bool is_present);
  bool begin_field(caf_string_view name, caf::span<const caf::type_id_t> types, std::size_t index);
  bool begin_field(caf_string_view name, bool is_present, caf::span<const caf::type_id_t> types, std::size_t index);
  bool end_field();
  bool begin_tuple(std::size_t size);
  bool end_tuple();
  bool begin_key_value_pair() { return true; }
  bool end_key_value_pair() { return true; }
  bool begin_sequence(std::size_t size);
  bool end_sequence();
  bool begin_associative_array(std::size_t size);
  bool end_associative_array();

  bool value(bool x);
  bool value(double x);
  bool value(float x) { return value(double{x}); }
  bool value(long double x) { return value(static_cast<double>(x)); }
  bool value(caf_byte x) { return value(static_cast<std::uint8_t>(x)); }
  bool value(caf_string_view x);
  bool value(const std::u16string& x);
  bool value(const std::u32string& x);
  bool value(caf::span<const caf_byte> x);

  template <std::integral T>
    requires(!std::same_as<T, bool>)
  bool value(T x) {
    if constexpr (std::is_signed_v<T>)
      out_->integer(static_cast<std::int64_t>(x));
    else
      out_->integer(static_cast<std::uint64_t>(x));
    return true;
  }

  template <class T>
  bool list(const T& xs) {
    using element = typename T::value_type;
    if constexpr (std::integral<element> && !std::same_as<element, bool>) {
      auto is_byte = [](element x) { return std::in_range<std::uint8_t>(detail_integer(x)); };
      if (xs.size() <= max_string_size && std::all_of(xs.begin(), xs.end(), is_byte)) {
        byte_buffer bytes(xs.size());
        std::transform(xs.begin(), xs.end(), bytes.begin(), [](element x) { return static_cast<std::byte>(x); });
        out_->string(bytes);
        return true;
      }
      if (!begin_sequence(xs.size()))
        return false;
      out_->integers(xs);
      return end_sequence();
    } else {
      return super::list(xs);
    }
  }

  /// A multimap cannot be an Erlang map. It becomes a list of pairs.
  template <class T>
  bool map(const T& xs) {
    if constexpr (multimap_like<T>) {
      if (!begin_sequence(xs.size()))
        return false;
      for (const auto& [key, mapped] : xs)
        if (!begin_tuple(2) || !apply(key) || !apply(mapped) || !end_tuple())
          return false;
      return end_sequence();
    } else {
      return super::map(xs);
    }
  }

  // -- types with a mapping of their own ---

  bool builtin_inspect(const term& x);
  bool builtin_inspect(const caf::message& x);
  bool builtin_inspect(const caf::error& x);
  bool builtin_inspect(const std::tuple<>&) { return begin_tuple(0) && end_tuple(); }

  template <term_alternative T>
  bool builtin_inspect(const T& x) {
    return builtin_inspect(term{x});
  }

  template <printable_enum T>
  bool builtin_inspect(const T& x) {
    return name(enum_name(x));
  }

  template <unit_atom T>
  bool builtin_inspect(const T&) {
    return name(unit_atom_name<T>());
  }

  template <byte_sequence T>
  bool builtin_inspect(const T& xs) {
    if constexpr (requires { std::span{xs.data(), xs.size()}; }) {
      return binary(std::as_bytes(std::span{xs.data(), xs.size()}));
    } else {
      byte_buffer bytes(xs.size());
      std::transform(xs.begin(), xs.end(), bytes.begin(), [](auto x) { return static_cast<std::byte>(x); });
      return binary(bytes);
    }
  }

  template <class T>
    requires(is_std_array<T> && !byte_sequence<T>)
  bool builtin_inspect(const T& xs) {
    return list(xs);
  }

  template <optional_like T>
  bool builtin_inspect(const T& x) {
    if (!x)
      return name("undefined");
    if constexpr (!optional_like<std::decay_t<decltype(*x)>>)
      return apply(*x);
    else
      return begin_tuple(2) && name("some") && apply(*x) && end_tuple();
  }

  template <variant_like T>
  bool builtin_inspect(const T& x) {
    static_assert(alternatives_of<T>::named, "each alternative of a variant needs a CAF type ID");
    auto save_alternative = [this](const auto& value) {
      return name(alternative_name<std::decay_t<decltype(value)>>()) && apply(value);
    };
    return begin_tuple(2) && caf::variant_inspector_traits<T>::visit(save_alternative, x) && end_tuple();
  }

  template <class T>
    requires is_duration<T>
  bool builtin_inspect(const T& x) {
    std::int64_t count = 0;
    if (!nanoseconds(x, count))
      return false;
    return begin_tuple(2) && name("ns") && value(count) && end_tuple();
  }

  template <class T>
    requires is_timestamp<T>
  bool builtin_inspect(const T& x) {
    std::int64_t count = 0;
    return nanoseconds(x.time_since_epoch(), count) && value(count);
  }

  template <actor_handle T>
  bool builtin_inspect(const T&) {
    return refuse_actor_handle();
  }

private:
  /// A container whose header is written.
  struct frame {
    std::size_t token; ///< Of a tuple whose arity is not known yet.
    std::size_t size;
  };

  struct open_field {
    bool is_pair; ///< of a sum type
  };

  bool enter(frame x);
  bool name(std::string_view x);
  bool binary(const_byte_span bytes);

  // `std::in_range` takes no characters.
  template <class T>
  static constexpr auto detail_integer(T x) noexcept {
    if constexpr (std::is_signed_v<T>)
      return static_cast<std::int64_t>(x);
    else
      return static_cast<std::uint64_t>(x);
  }

  template <class Rep, class Period>
  bool nanoseconds(std::chrono::duration<Rep, Period> x, std::int64_t& result) {
    using wide = std::chrono::duration<long double, std::nano>;
    auto exact = std::chrono::duration_cast<wide>(x).count();
    // 2^63, the first count that does not fit. False for a NaN, too.
    if (!(exact >= -0x1p63L && exact < 0x1p63L))
      return fail("a duration of more than 64 bits of nanoseconds");
    if constexpr (std::integral<Rep>)
      result = std::chrono::duration_cast<std::chrono::duration<std::int64_t, std::nano>>(x).count();
    else
      result = static_cast<std::int64_t>(exact);
    return true;
  }

  term_writer* out_;
  small_stack<frame, 8> frames_;
  small_stack<open_field, 16> fields_;
};

} // namespace peer::detail
