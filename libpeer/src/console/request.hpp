// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/chardata.hpp"
#include "peer/term.hpp"

#include <optional>
#include <span>
#include <string_view>

namespace peer::internal::console {

/// A request of the I/O protocol, taken apart: `{Name, Argument…}` or, without arguments, `Name`. Views the term.
struct request {
  std::string_view name;
  std::span<const term> arguments;
  encoding chars = encoding::latin1; ///< what the request names; Latin-1 if it names none, as in older programs
};

/// Nothing if `what` is neither an atom nor a tuple that begins with one. `chars` is not looked for: only the receiver
/// knows which requests have it.
std::optional<request> parse_request(const term& what);

/// `unicode` or `latin1`; nothing for any other term.
std::optional<encoding> parse_encoding(const term& what);

/// A function that the peer is to call. Views the term.
struct function_ref {
  const atom& module;
  const atom& function;
  const erl::list& arguments;
};

/// `Module, Function, Arguments`; nothing if the three terms are something else.
/// @pre `what` has three elements
std::optional<function_ref> parse_function(std::span<const term> what);

} // namespace peer::internal::console
