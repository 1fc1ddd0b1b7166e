// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <cstddef>
#include <string>

/// @file
/// Numbers as `io_lib:format/2` prints them. Floats are rounded half up from 21 significant digits, as there.

namespace peer_node {

/// `~e`: `precision` significant digits, at least 2.
std::string scientific_text(double value, std::size_t precision);

/// `~f`: `precision` digits after the point, at least 1.
std::string fixed_text(double value, std::size_t precision);

/// `~g`: `precision` significant digits, at least 1, in the notation that suits the value.
std::string general_text(double value, std::size_t precision);

/// Digits of an integer and whether it is negative.
struct integer_digits {
  bool negative = false;
  std::string digits; ///< With upper-case letters.
};

/// The digits of `value` in `base` (2 to 36). Raises badarg if it is not an integer, or for another base.
integer_digits digits_of(const peer::term& value, std::size_t base);

} // namespace peer_node
