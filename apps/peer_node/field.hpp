// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include <cstddef>
#include <optional>
#include <string>

/// @file
/// How the text of one control sequence is fitted into its field, as `io_lib:format/2` does.

namespace peer_node {

/// The `F.P.Pad` of a control sequence.
struct field {
  std::optional<std::size_t> width;     ///< F: in characters (code points).
  bool left = false;                    ///< Whether F was negative: text goes to the left.
  std::optional<std::size_t> precision; ///< P: what it means depends on the control sequence.
  char32_t pad = U' ';
};

/// Fits a term or a number: what is too long becomes asterisks.
std::u32string fit_term(std::u32string text, const field& where);

/// Fits a string: what is too long is cut off.
std::u32string fit_string(std::u32string text, const field& where);

/// Repeats a character P times, F times without P.
std::u32string fit_character(char32_t c, const field& where);

} // namespace peer_node
