// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/control_actor.hpp"

#include "caf/expected.hpp"

#include <concepts>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace peer::detail {

/// Calls, casts and messages of C++ values, for handles of actors that accept the requests of a control actor. A
/// derived class provides, for encoded terms:
///
///     caf::expected<encoded_term> request_call(std::string_view module, std::string_view function, byte_buffer) const;
///     void start_cast(std::string_view module, std::string_view function, byte_buffer) const;
///     void start_send(term to, byte_buffer content) const;
template <class Heir>
class remote_calls {
public:
  /// Calls `module:function(xs…)` and converts the result to `T`; `void` ignores it. Blocks until the answer. Fails as
  /// `call_request` does, with `errc::bad_term` if an argument cannot be converted to a term, and with
  /// `errc::type_mismatch` if the result cannot be converted to `T`.
  template <class T, class... Ts>
  caf::expected<T> call(std::string_view module, std::string_view function, const Ts&... xs) const {
    auto arguments = encode_arguments(xs...);
    if (!arguments)
      return std::move(arguments.error());
    auto result = heir().request_call(module, function, std::move(*arguments));
    if (!result)
      return std::move(result.error());
    if constexpr (std::is_void_v<T>)
      return caf::expected<void>{};
    else
      return std::move(*result).template as<T>();
  }

  /// Like `call`, with any number of arguments.
  caf::expected<term> apply(std::string_view module, std::string_view function, const std::vector<term>& xs) const {
    auto arguments = encode_list(xs);
    if (!arguments)
      return std::move(arguments.error());
    auto result = heir().request_call(module, function, std::move(*arguments));
    if (!result)
      return std::move(result.error());
    return result->template as<term>();
  }

  /// Starts `module:function(xs…)`; nothing is reported about its end. May block (see the class). Fails only with
  /// `errc::bad_term`, if an argument cannot be converted to a term.
  template <class... Ts>
  caf::error cast(std::string_view module, std::string_view function, const Ts&... xs) const {
    auto arguments = encode_arguments(xs...);
    if (!arguments)
      return std::move(arguments.error());
    heir().start_cast(module, function, std::move(*arguments));
    return {};
  }

  /// Like `cast`, with any number of arguments.
  caf::error apply_cast(std::string_view module, std::string_view function, const std::vector<term>& xs) const {
    auto arguments = encode_list(xs);
    if (!arguments)
      return std::move(arguments.error());
    heir().start_cast(module, function, std::move(*arguments));
    return {};
  }

  /// Sends a message to a process of the peer: a `pid`, or an `atom` that is its registered name. May block (see the
  /// class). Fails only with `errc::bad_term`.
  template <std::convertible_to<term> To, class T>
    requires(!std::convertible_to<To, std::string_view>)
  caf::error send(const To& to, const T& content) const {
    auto receiver = term{to};
    if (!receiver.template is<pid>() && !receiver.template is<atom>())
      return fail(errc::bad_term, "a message can be sent to a pid or to a registered name only");
    auto encoded = byte_buffer{};
    if (auto err = save_term(encoded, content))
      return err;
    heir().start_send(std::move(receiver), std::move(encoded));
    return {};
  }

  template <class T>
  caf::error send(std::string_view registered_name, const T& content) const {
    return send(term{atom{registered_name}}, content);
  }

private:
  const Heir& heir() const noexcept { return static_cast<const Heir&>(*this); }

  static caf::expected<byte_buffer> encode_list(const std::vector<term>& xs) {
    auto result = byte_buffer{};
    if (auto err = save_term(result, term{erl::list{xs}}))
      return err;
    return result;
  }
};

} // namespace peer::detail
