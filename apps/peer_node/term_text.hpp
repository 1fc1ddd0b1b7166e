// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <cstdint>
#include <string>

namespace peer_node {

/// How the control sequences for terms differ.
struct term_style {
  bool unicode = false;    ///< `t`: characters beyond Latin-1 as they are. Otherwise atoms escape them.
  bool strings = true;     ///< Lists of characters and binaries of text in quotes: `~p`, but not `~lp` and `~w`.
  std::int64_t depth = -1; ///< What is deeper, or behind as many elements, becomes "..."; negative for no limit.
};

/// Prints a term on one line, in UTF-8, as Erlang does where all of Unicode is printable (`+pc unicode`). Identifiers
/// of processes, ports and references are printed as `peer::to_string` does.
std::string term_text(const peer::term& value, const term_style& style);

} // namespace peer_node
