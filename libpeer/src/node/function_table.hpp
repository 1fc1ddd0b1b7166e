// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/bytes.hpp"
#include "peer/detail/function.hpp"
#include "wire/message.hpp"

#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace peer::internal::node {

/// How a call ended: the content of a `reply`.
struct outcome {
  wire::reply_class cls = wire::reply_class::ok;
  byte_buffer result; ///< encoded: the value or `{Reason, Stacktrace}`
};

/// The functions of a node by module, name and number of arguments. Filled before the node runs, constant afterwards.
class function_table {
public:
  /// Adds `module:name/arity`, or replaces it.
  void add(std::string_view module, std::string_view name, std::size_t arity, detail::function_ptr f);

  /// Adds `module:name` for all arities without a function of their own.
  void add(std::string_view module, std::string_view name, detail::function_ptr f);

  /// Destroys all functions. @pre None runs.
  void clear() noexcept { entries_.clear(); }

  /// Finds the function for a call with that number of arguments. Null if there is none.
  const detail::function* find(std::string_view module, std::string_view name, std::size_t arity) const;

  /// Runs a function. Every failure, exceptions included, becomes an outcome with a stack trace of one entry,
  /// `{Module, Name, ArityOrArguments, Info}`, with the arguments if the function did not run:
  ///
  /// - `error:undef` if there is no such function; `Info` has `{functions, Signatures}` of those with other arities.
  /// - `error:badarg` if arguments are of the wrong types; `Info` has `{expected, Signature}`.
  /// - `raised`: its class and reason.
  /// - `std::bad_alloc`: `error:system_limit`; another `std::exception`: `error:{Type, What}`; else
  ///   `error:unknown_exception`.
  ///
  /// @param f the result of `find` for the other three
  /// @param encoded_arguments a proper list
  outcome evaluate(const detail::function* f, std::string_view module, std::string_view name,
                   const_byte_span encoded_arguments, const call_context& context) const noexcept;

private:
  struct entry {
    std::map<std::size_t, detail::function_ptr> by_arity;
    detail::function_ptr any;
  };

  const entry* find_entry(std::string_view module, std::string_view name) const;
  std::vector<term> signatures(std::string_view module, std::string_view name) const;

  /// Orders by module and name. Transparent, so that lookups make no strings.
  struct by_name {
    using is_transparent = void;
    using names = std::pair<std::string_view, std::string_view>;

    bool operator()(const auto& x, const auto& y) const noexcept {
      return names{x.first, x.second} < names{y.first, y.second};
    }
  };

  std::map<std::pair<std::string, std::string>, entry, by_name> entries_;
};

} // namespace peer::internal::node
