// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/direct_field.hpp"
#include "peer/detail/inspector_traits.hpp"
#include "peer/detail/reader.hpp"
#include "peer/detail/small_stack.hpp"
#include "peer/error.hpp"

#include "caf/load_inspector_base.hpp"

#include <algorithm>
#include <limits>
#include <memory>
#include <tuple>
#include <vector>

namespace peer::detail {

/// Reads C++ values from terms, as convert.hpp maps them, without building a tree. The counterpart of
/// `term_save_inspector`.
///
/// After a failure, `take_error` returns the error with its place: "job.items[3].count: expected an integer from 0 to
/// 255, found 256". The inspector must not be used after that.
class term_load_inspector : public caf::load_inspector_base<term_load_inspector> {
public:
  using super = caf::load_inspector_base<term_load_inspector>;

  /// Reads from `in`, which must outlive the inspector.
  explicit term_load_inspector(term_reader& in) noexcept : reader_(&in) {}

  bool has_human_readable_format() const noexcept { return true; }

  term_reader& reader() noexcept { return *reader_; }

  /// Why reading failed: `errc::bad_term` if the input is not a term, `errc::type_mismatch` if it has another shape and
  /// what a setter or callback of the program reported.
  caf::error take_error();

  /// Sets `errc::type_mismatch`, naming the next term, or `errc::bad_term` if it is none. Always returns false.
  bool mismatch(const std::string& expected);

  /// Sets `errc::type_mismatch` with that sentence behind the path. Always returns false.
  bool fail(const std::string& what);

  /// Sets `errc::bad_term`. Always returns false.
  bool refuse_actor_handle();

  // -- fields ---

  // See direct_field.hpp.

  template <class T>
  static auto field(caf_string_view name, T& x) {
    if constexpr (optional_like<T> || variant_like<T>) {
      auto store = [&x](T&& value) { x = std::move(value); };
      return direct_load_field<T, decltype(store)>{name, store};
    } else {
      return super::field(name, x);
    }
  }

  template <class Get, class Set>
  static auto field(caf_string_view name, Get get, Set set) {
    using type = std::decay_t<decltype(get())>;
    if constexpr (optional_like<type> || variant_like<type>)
      return direct_load_field<type, Set>{name, std::move(set)};
    else
      return super::field(name, std::move(get), std::move(set));
  }

  template <class IsPresent, class Get, class Reset, class Set>
  static auto field(caf_string_view name, IsPresent&&, Get get, Reset reset, Set set) {
    using type = std::decay_t<decltype(get())>;
    return direct_load_field<type, Set, always, Reset>{name, std::move(set), {}, std::move(reset)};
  }

  // -- what CAF asks of an inspector ---

  bool begin_object(caf::type_id_t type, caf_string_view name);
  bool end_object();

  /// Reads that atom.
  bool expect_atom(std::string_view name);
  bool begin_field(caf_string_view name);
  bool begin_field(caf_string_view name, bool& is_present);
  bool begin_field(caf_string_view name, caf::span<const caf::type_id_t> types, std::size_t& index);
  bool begin_field(caf_string_view name, bool& is_present, caf::span<const caf::type_id_t> types, std::size_t& index);
  bool end_field();
  bool begin_tuple(std::size_t size);
  bool end_tuple();
  bool begin_key_value_pair() { return true; }
  bool end_key_value_pair() { return true; }
  bool begin_sequence(std::size_t& size);
  bool end_sequence();
  bool begin_associative_array(std::size_t& size);
  bool end_associative_array();

  bool value(bool& x);
  bool value(double& x);
  bool value(float& x);
  bool value(long double& x);
  bool value(caf_byte& x);
  bool value(std::string& x);
  bool value(std::u16string& x);
  bool value(std::u32string& x);
  bool value(caf::span<caf_byte> x);

  template <std::integral T>
    requires(!std::same_as<T, bool>)
  bool value(T& x) {
    using limits = std::numeric_limits<T>;
    term_reader::number found;
    // The absolute value of the least one.
    auto least = std::is_signed_v<T> ? ~static_cast<std::uint64_t>(limits::min()) + 1 : std::uint64_t{0};
    auto greatest = static_cast<std::uint64_t>(limits::max());
    if (!expect_integer(least, greatest, found))
      return false;
    x = static_cast<T>(found.negative ? ~found.magnitude + 1 : found.magnitude);
    return true;
  }

  template <class T>
  bool list(T& xs) {
    using element_type = typename T::value_type;
    xs.clear();
    std::size_t size = 0;
    if (!begin_sequence(size))
      return false;
    for (std::size_t index = 0;;) {
      if constexpr (requires { xs.reserve(size); })
        if (index == 0)
          xs.reserve(std::min(size, max_reserved / sizeof(element_type)));
      for (auto end = index + size; index < end; ++index) {
        element_type element{};
        if (!element_at(index, element))
          return false;
        xs.insert(xs.end(), std::move(element));
      }
      bool more = false;
      if (!next_part(more, size))
        return false;
      if (!more)
        return true;
    }
  }

  template <class T>
  bool map(T& xs) {
    xs.clear();
    std::size_t size = 0;
    constexpr bool pairs = multimap_like<T>;
    if (!(pairs ? begin_sequence(size) : begin_associative_array(size)))
      return false;
    for (std::size_t i = 0; i < size; ++i) {
      typename T::key_type key{};
      typename T::mapped_type mapped{};
      path_.push_back({{}, i});
      if ((pairs && !begin_tuple(2)) || !apply(key) || !apply(mapped) || (pairs && !end_tuple()))
        return false;
      xs.emplace(std::move(key), std::move(mapped));
      if (xs.size() != i + 1)
        return fail("the key is in the map twice");
      path_.pop_back();
    }
    return pairs ? end_sequence() : end_associative_array();
  }

  template <class T>
  bool tuple(T& xs) {
    auto load_all = [this]<class... Ts>(Ts&... x) {
      std::size_t index = 0;
      return (this->element_at(index++, x) && ...);
    };
    return begin_tuple(std::tuple_size_v<T>) && std::apply(load_all, xs) && end_tuple();
  }

  template <class T, std::size_t N>
  bool tuple(T (&xs)[N]) {
    return begin_tuple(N) && elements(xs) && end_tuple();
  }

  // -- types with a mapping of their own ---

  bool builtin_inspect(term& x);
  bool builtin_inspect(caf::message& x);
  bool builtin_inspect(caf::error& x);
  bool builtin_inspect(erl::big_integer& x);
  bool builtin_inspect(std::tuple<>&) { return begin_tuple(0) && end_tuple(); }

  template <term_alternative T>
  bool builtin_inspect(T& x) {
    auto start = reader_->position();
    term found;
    if (!builtin_inspect(found))
      return false;
    if (auto* value = found.get_if<T>()) {
      x = *value;
      return true;
    }
    reader_->rewind(start);
    return mismatch(kind_name<T>);
  }

  template <parsable_enum T>
  bool builtin_inspect(T& x) {
    auto start = reader_->position();
    std::string_view text;
    std::string converted;
    if (expect_name(text, converted) && enum_value(std::string{text}, x))
      return true;
    reader_->rewind(start);
    return mismatch("the name of a value of " + std::string{to_std(caf::type_name_or_anonymous<T>())});
  }

  template <unit_atom T>
  bool builtin_inspect(T&) {
    return expect_atom(unit_atom_name<T>());
  }

  template <byte_sequence T>
  bool builtin_inspect(T& xs) {
    using byte_type = typename T::value_type;
    auto start = reader_->position();
    const_byte_span bytes;
    if (!expect_binary(bytes))
      return false;
    if constexpr (is_std_array<T>) {
      if (bytes.size() != xs.size()) {
        reader_->rewind(start);
        return mismatch("a binary of " + std::to_string(xs.size()) + " bytes");
      }
      std::transform(bytes.begin(), bytes.end(), xs.begin(), [](auto x) { return static_cast<byte_type>(x); });
    } else if constexpr (std::same_as<T, byte_buffer>) {
      xs.clear();
      make_room(xs, bytes.size());
      append(xs, bytes);
    } else {
      xs.clear();
      for (auto byte : bytes)
        xs.insert(xs.end(), static_cast<byte_type>(byte));
    }
    return true;
  }

  template <class T>
    requires(is_std_array<T> && !byte_sequence<T>)
  bool builtin_inspect(T& xs) {
    auto start = reader_->position();
    std::size_t size = 0;
    if (!begin_sequence(size))
      return false;
    if (size == xs.size())
      return elements(xs) && end_sequence();
    if (frames_.back().is_expanded)
      end_expansion();
    reader_->rewind(start);
    return mismatch("a list of " + std::to_string(xs.size()) + " elements");
  }

  template <optional_like T>
  bool builtin_inspect(T& x) {
    using traits = caf::optional_inspector_traits<T>;
    bool is_present = false;
    if (!present(is_present))
      return false;
    if (!is_present) {
      x.reset();
      return true;
    }
    typename traits::value_type value{};
    if constexpr (optional_like<typename traits::value_type>) {
      if (!begin_tuple(2) || !expect_atom("some") || !apply(value) || !end_tuple())
        return false;
    } else {
      if (!apply(value))
        return false;
    }
    traits::emplace(x, std::move(value));
    return true;
  }

  template <variant_like T>
  bool builtin_inspect(T& x) {
    static_assert(alternatives_of<T>::named, "each alternative of a variant needs a CAF type ID");
    auto start = reader_->position();
    std::string_view name;
    std::string converted;
    bool is_known = false;
    if (!begin_tuple(2) || !expect_name(name, converted) || !load_alternative(x, name, is_known))
      return false;
    if (is_known)
      return end_tuple();
    reader_->rewind(start);
    return mismatch("{Name, Value} with the name of an alternative");
  }

  template <class T>
    requires is_duration<T>
  bool builtin_inspect(T& x) {
    std::int64_t count = 0;
    return begin_tuple(2) && expect_atom("ns") && value(count) && from_nanoseconds(count, x) && end_tuple();
  }

  template <class T>
    requires is_timestamp<T>
  bool builtin_inspect(T& x) {
    std::int64_t count = 0;
    typename T::duration since_epoch{};
    if (!value(count) || !from_nanoseconds(count, since_epoch))
      return false;
    x = T{since_epoch};
    return true;
  }

  template <actor_handle T>
  bool builtin_inspect(T&) {
    return refuse_actor_handle();
  }

private:
  /// What an announced size may cost in advance, in bytes.
  static constexpr std::size_t max_reserved = std::size_t{64} << 10;

  /// A container whose header is read.
  struct frame {
    std::size_t size;
    std::size_t used;
    bool is_expanded; ///< A compact list of bytes, read from the last of `expansions_`.
  };

  struct open_field {
    bool is_pair; ///< of a sum type
  };

  /// The elements of a compact list of bytes as terms that can be read one by one.
  struct expansion {
    byte_buffer terms;
    std::unique_ptr<term_reader> reader;
    term_reader* outer;
  };

  /// A field, or an element if `name` is empty.
  struct step {
    std::string_view name;
    std::size_t index;
  };

  /// The path to the current value and a colon, or nothing.
  std::string path() const;

  bool expect_kind(term_reader::kind what, const char* expected);

  /// Reads the header of a tuple. False, with the reader where it was, if it is none.
  bool open_tuple(std::size_t& arity);
  bool expect_integer(std::uint64_t least, std::uint64_t greatest, term_reader::number& found);
  bool expect_name(std::string& name);

  /// Reads an atom; `name` may view `converted`.
  bool expect_name(std::string_view& name, std::string& converted);
  bool expect_binary(const_byte_span& bytes);

  /// Passes over `undefined`; then the value is not present.
  bool present(bool& result);

  bool enter(std::size_t size, std::size_t used = 0);
  void leave();
  bool begin_expansion(std::size_t& size);
  void end_expansion();

  /// At the end of the elements of a list: closes it, or goes on with a tail that is a list.
  bool next_part(bool& more, std::size_t& size);

  template <class T>
  bool element_at(std::size_t index, T& x) {
    path_.push_back({{}, index});
    if (!apply(x))
      return false;
    path_.pop_back();
    return true;
  }

  template <class T>
  bool elements(T& xs) {
    std::size_t index = 0;
    for (auto& x : xs)
      if (!element_at(index++, x))
        return false;
    return true;
  }

  template <template <class...> class Variant, class... Ts>
  bool load_alternative(Variant<Ts...>& x, std::string_view name, bool& is_known) {
    auto load_as = [&]<class T>(std::type_identity<T>) {
      T value{};
      if (!apply(value))
        return false;
      caf::variant_inspector_traits<Variant<Ts...>>::assign(x, std::move(value));
      return true;
    };
    bool result = true;
    auto attempt = [&]<class T>(std::type_identity<T> type) {
      if (is_known || name != alternative_name<T>())
        return;
      is_known = true;
      result = load_as(type);
    };
    (attempt(std::type_identity<Ts>{}), ...);
    return result;
  }

  template <class Rep, class Period>
  bool from_nanoseconds(std::int64_t count, std::chrono::duration<Rep, Period>& x) {
    using std::chrono::duration_cast;
    auto exact = std::chrono::nanoseconds{count};
    if constexpr (std::integral<Rep>) {
      using wide = std::chrono::duration<std::int64_t, Period>;
      auto bounds = duration_cast<std::chrono::duration<long double, Period>>(exact).count();
      if (!(bounds >= -0x1p63L && bounds < 0x1p63L))
        return fail("a duration of " + std::to_string(count) + " ns is out of range");
      auto ticks = duration_cast<wide>(exact);
      x = std::chrono::duration<Rep, Period>{static_cast<Rep>(ticks.count())};
      if (duration_cast<std::chrono::nanoseconds>(ticks) != exact || !std::in_range<Rep>(ticks.count()))
        return fail("a duration of " + std::to_string(count) + " ns cannot be held without loss");
    } else {
      x = duration_cast<std::chrono::duration<Rep, Period>>(exact);
    }
    return true;
  }

  term_reader* reader_;
  small_stack<frame, 8> frames_;
  std::vector<expansion> expansions_;
  small_stack<step, 8> path_;
  small_stack<open_field, 16> fields_;
  std::string_view root_;
};

} // namespace peer::detail
