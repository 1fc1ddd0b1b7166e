// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term/term.hpp"

#include "caf/fwd.hpp"

#include <string>
#include <string_view>

namespace peer {

/// Prints `value` in Erlang's syntax on one line, so that `erl_parse` reads it back (identifiers and opaque terms
/// excepted): atoms quoted where needed, floats with the fewest digits that give the same value back, binaries of
/// printable UTF-8 as `<<"text">>` (`/utf8` appended where not ASCII), lists of printable characters as `"text"`.
std::string to_string(const term& value);

/// Prints an atom, quoted where Erlang's syntax needs it.
std::string to_string(const atom& value);

/// Reads one term in Erlang's syntax (Reference Manual, "Data Types"), with an optional full stop at its end. `limits`
/// bounds the nesting. Fails with `errc::bad_syntax` and a sentence that names line and column.
caf::expected<term> parse_term(std::string_view text);

/// Reads terms separated by commas, such as the arguments of a call: "1, [a, b]". Empty text gives no terms.
caf::expected<std::vector<term>> parse_terms(std::string_view text);

/// `Module:Function(Arguments…)`.
struct call_expression {
  atom module;
  atom function;
  std::vector<term> arguments;
};

/// Reads a remote call whose arguments are terms, with an optional full stop at its end.
caf::expected<call_expression> parse_call(std::string_view text);

} // namespace peer
