// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <string>

namespace peer_node {

/// The characters of `io_lib:format(Format, Arguments)` (STDLIB, "io", `fwrite/1,2,3`), with all of its control
/// sequences: `~c ~f ~e ~g ~s ~w ~p ~W ~P ~b ~B ~x ~X ~+ ~# ~i ~n ~~`, the modifiers `t` and `l`, and field width,
/// precision and padding, each of which may be `*`. Raises badarg for a format or arguments that do not fit.
///
/// Differences: `~p` and `~P` print on one line and ignore field width and precision. Widths count code points, not
/// grapheme clusters, and are at most 2^20. Numbers that are not Unicode characters raise badarg. Maps that
/// `~W` cuts short look as those of `~P` do. Identifiers are printed as by `term_text`.
std::u32string format(const peer::term& text, const peer::term& arguments);

} // namespace peer_node
