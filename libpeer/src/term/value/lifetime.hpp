// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

/// @file
/// What constructors and destructors of containers do with elements that are containers again: the same as for others,
/// but with a bounded recursion.

namespace peer::internal::value {

/// Destroys the elements. Allocates nothing.
void release(std::vector<term>& items) noexcept;
void release(std::vector<erl::map::value_type>& entries) noexcept;

std::vector<term> copy(const std::vector<term>& items);
std::vector<erl::map::value_type> copy(const std::vector<erl::map::value_type>& entries);

} // namespace peer::internal::value
