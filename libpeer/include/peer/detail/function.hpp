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
#include <string_view>
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
  /// that it takes; their number is right. Throws what the function throws, or `raised` if its result cannot be a term.
  /// Called by several threads at once.
  virtual bool run(const call_context& context, const arguments& args, byte_buffer& result) const = 0;

  /// Whether it takes a stop token.
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
  F f_;
};

/// Separates the context from the arguments.
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

// -- what the program passes as a function
// -----------------------------------------------------------------------------

/// The signature of `F`. Incomplete if it has none, or more than one.
template <class F>
struct function_traits;

template <class F>
  requires requires { &F::operator(); }
struct function_traits<F> : function_traits<decltype(&F::operator())> {};

template <class R, class... Ts>
struct function_traits<R (*)(Ts...)> {
  static constexpr bool is_const = true;

  /// The parameters as they are declared.
  using parameters = std::tuple<Ts...>*;

  template <class F>
  using maker = function_maker<F, R, std::remove_cvref_t<Ts>...>;
};

template <class R, class... Ts>
struct function_traits<R (*)(Ts...) noexcept> : function_traits<R (*)(Ts...)> {};

template <class C, class R, class... Ts>
struct function_traits<R (C::*)(Ts...) const> : function_traits<R (*)(Ts...)> {};

template <class C, class R, class... Ts>
struct function_traits<R (C::*)(Ts...) const noexcept> : function_traits<R (*)(Ts...)> {};

template <class C, class R, class... Ts>
struct function_traits<R (C::*)(Ts...)> : function_traits<R (*)(Ts...)> {
  static constexpr bool is_const = false;
};

template <class C, class R, class... Ts>
struct function_traits<R (C::*)(Ts...) noexcept> : function_traits<R (C::*)(Ts...)> {};

/// Whether a parameter refers to characters or other values that it does not own.
template <class T>
inline constexpr bool is_view_v = std::is_pointer_v<T> || std::is_same_v<T, std::string_view>;

/// Fails to compile, with one sentence, if a function cannot have a parameter that is declared as `T`.
template <class T>
constexpr bool check_parameter() {
  using value = std::remove_cvref_t<T>;
  constexpr auto is_view = is_view_v<value>;
  constexpr auto is_output = std::is_lvalue_reference_v<T> && !std::is_const_v<std::remove_reference_t<T>>;
  constexpr auto has_default = is_view || is_output || is_context_v<value> || std::is_default_constructible_v<value>;
  static_assert(!is_view, "a parameter of a peer's function must own its value: take std::string instead of "
                          "std::string_view or const char*, and no pointers");
  static_assert(!is_output,
                "a parameter of a peer's function must be a value or a const reference: the caller does not "
                "see what the function assigns to it");
  static_assert(has_default, "a parameter of a peer's function must have a default constructor: the argument is "
                             "constructed before it is read from the call");
  return !is_view && !is_output && has_default;
}

template <class... Ts>
constexpr bool check_parameters(std::tuple<Ts...>*) {
  return (check_parameter<Ts>() && ... && true);
}

/// Fails to compile, with one sentence, if `F` cannot be a function of a node.
template <class F>
constexpr bool check_function() {
  constexpr auto has_signature = requires { function_traits<F>::is_const; };
  static_assert(has_signature, "a peer's function must have one signature: pass a lambda that names the types of its "
                               "parameters instead of a generic lambda, std::bind_front or an overloaded operator()");
  if constexpr (has_signature) {
    constexpr auto is_const = function_traits<F>::is_const;
    static_assert(is_const, "a peer's function must be const: several threads call it at the same time, so a mutable "
                            "lambda would race; share its state by a pointer and lock it");
    if constexpr (is_const)
      return check_parameters(typename function_traits<F>::parameters{});
  }
  return false;
}

/// Stands for the maker of what cannot be a function, so that nothing is reported besides.
struct no_maker {
  static constexpr std::size_t arity = 0;

  template <class F>
  static function_ptr make(const F&) {
    return nullptr;
  }
};

template <class F, bool IsFunction = check_function<F>()>
struct select_maker {
  using type = no_maker;
};

template <class F>
struct select_maker<F, true> {
  using type = typename function_traits<F>::template maker<F>;
};

/// Makes table entries of a program's functions.
template <class F>
using maker_of = typename select_maker<F>::type;

/// A table entry for a function of any number of terms.
function_ptr make_raw_function(raw_function f);

} // namespace peer::detail
