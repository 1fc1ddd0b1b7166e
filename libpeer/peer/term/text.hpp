// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term/term.hpp"

#include "caf/fwd.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace peer {

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
/// `parse_term` and `erl_parse` read all of this back, except for the last four. Bytes of an atom that are no UTF-8
/// come out as U+FFFD.
std::string to_string(const term& value);

/// Prints an atom, quoted where Erlang's syntax needs it.
std::string to_string(const atom& value);

/// The characters of a UTF-8 text as Erlang's strings are: a list of code points. Bytes that are no UTF-8 count as
/// Latin-1.
term to_charlist(std::string_view text);

/// Reads one term in Erlang's syntax (Reference Manual, "Data Types" and "Bit Syntax Expressions"), with an optional
/// full stop at its end. `text` is UTF-8. Accepts what `erl_parse:parse_term/1` does: strings side by side are one, of
/// equal keys of a map the last one counts, segments of a binary have sizes and types.
///
/// Fails with `errc::bad_syntax` and a sentence that names line, column, what was expected and what was found. The
/// default `term_limits` bound the nesting (`max_depth`) and the bytes of all binaries together (`max_inflated`), since
/// a short text such as `<<0:8000000000>>` can ask for many. Pids, ports, references and opaque terms cannot be read:
/// what is printed of them does not identify them.
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
