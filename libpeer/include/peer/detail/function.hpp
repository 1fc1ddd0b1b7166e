// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/convert.hpp"
#include "peer/detail/arguments.hpp"
#include "peer/detail/bytes.hpp"
#include "peer/detail/signature.hpp"
#include "peer/function.hpp"
#include "peer/term.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace peer::detail {

/// One entry of a node's function table: a function of the program behind an interface of terms.
class function {
public:
  virtual ~function();

  /// Runs the function: appends its result to `result`, encoded. Returns false if the arguments are not of the types
  /// that it takes; their number is right. Throws what the function throws, or `raised` if its result is no term.
  /// Called by several threads at once.
  virtual bool run(const call_context& context, const arguments& args, byte_buffer& result) const = 0;

  /// Whether it wants to be told that nobody waits any more.
  virtual bool stoppable() const noexcept = 0;

  /// The types of its arguments and its result, in Erlang's notation: "(integer(), [binary()]) -> ok".
  virtual std::string signature() const = 0;
};

using function_ptr = std::shared_ptr<const function>;

// -- typed functions --------------------------------------------------------------------------------------------------

/// What the first parameter of a function asks for besides its arguments.
template <class T>
inline constexpr bool is_context_v = std::is_same_v<T, call_context> || std::is_same_v<T, std::stop_token>;

[[noreturn]] void raise_bad_result(const caf::error& why);

/// Appends what a function returned.
template <class T>
void save_result(byte_buffer& out, const T& value) {
  if (auto err = save_term(out, value))
    raise_bad_result(err);
}

[[noreturn]] void raise_error(const caf::error& why);

inline void save_result(byte_buffer& out, const caf::error& value) {
  if (value)
    raise_error(value);
  save_result(out, atom{"ok"});
}

template <class T>
void save_result(byte_buffer& out, const caf::expected<T>& value) {
  if (!value)
    raise_error(value.error());
  if constexpr (std::is_void_v<T>)
    save_result(out, atom{"ok"});
  else
    save_result(out, *value);
}

template <class T>
struct result_type {
  using type = std::conditional_t<std::is_void_v<T> || std::is_same_v<T, caf::error>, ok_result, T>;
};

template <class T>
struct result_type<caf::expected<T>> : result_type<T> {};

/// A function with `Ts` as its arguments. @tparam First `void`, or what `is_context_v` names.
template <class F, class R, class First, class... Ts>
class typed_function final : public function {
public:
  explicit typed_function(F f) : f_(std::move(f)) {}

  bool run(const call_context& context, const arguments& args, byte_buffer& result) const override {
    auto values = std::tuple<Ts...>{};
    if (!args.read(values))
      return false;
    auto call = [&](auto&... xs) -> R {
      if constexpr (std::is_same_v<First, call_context>)
        return f_(context, std::move(xs)...);
      else if constexpr (std::is_same_v<First, std::stop_token>)
        return f_(context.stop, std::move(xs)...);
      else
        return f_(std::move(xs)...);
    };
    if constexpr (std::is_void_v<R>) {
      std::apply(call, values);
      save_result(result, atom{"ok"});
    } else {
      save_result(result, std::apply(call, values));
    }
    return true;
  }

  bool stoppable() const noexcept override { return !std::is_void_v<First>; }

  std::string signature() const override { return detail::signature<typename result_type<R>::type, Ts...>(); }

private:
  mutable F f_; // called by several threads at once; a mutable lambda has to be prepared for that
};

/// Takes the parameters apart.
template <class F, class R, class... Ts>
struct function_maker {
  static constexpr std::size_t arity = sizeof...(Ts);

  static function_ptr make(F f) { return std::make_shared<typed_function<F, R, void, Ts...>>(std::move(f)); }
};

template <class F, class R, class First, class... Ts>
  requires is_context_v<First>
struct function_maker<F, R, First, Ts...> {
  static constexpr std::size_t arity = sizeof...(Ts);

  static function_ptr make(F f) { return std::make_shared<typed_function<F, R, First, Ts...>>(std::move(f)); }
};

template <class F>
struct function_traits : function_traits<decltype(&F::operator())> {};

template <class R, class... Ts>
struct function_traits<R (*)(Ts...)> {
  template <class F>
  using maker = function_maker<F, R, std::remove_cvref_t<Ts>...>;
};

template <class R, class... Ts>
struct function_traits<R (*)(Ts...) noexcept> : function_traits<R (*)(Ts...)> {};

template <class C, class R, class... Ts>
struct function_traits<R (C::*)(Ts...)> : function_traits<R (*)(Ts...)> {};

template <class C, class R, class... Ts>
struct function_traits<R (C::*)(Ts...) const> : function_traits<R (*)(Ts...)> {};

template <class C, class R, class... Ts>
struct function_traits<R (C::*)(Ts...) noexcept> : function_traits<R (*)(Ts...)> {};

template <class C, class R, class... Ts>
struct function_traits<R (C::*)(Ts...) const noexcept> : function_traits<R (*)(Ts...)> {};

template <class F>
using maker_of = typename function_traits<F>::template maker<F>;

/// A table entry for a function of any number of terms.
function_ptr make_raw_function(raw_function f);

} // namespace peer::detail
