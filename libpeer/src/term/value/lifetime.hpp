// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

/// @file
/// What constructors and destructors of containers do with elements that are containers again: the same as for others,
/// but without recursion.

namespace peer::internal::value {

/// Destroys the elements if some of them hold containers; else leaves that to the vector. Allocates nothing.
void release(std::vector<term>& items) noexcept;
void release(std::vector<erl::map::value_type>& entries) noexcept;

/// Appends copies of the elements of `from` to `to`, which is empty.
void copy(std::vector<term>& to, const std::vector<term>& from);
void copy(std::vector<erl::map::value_type>& to, const std::vector<erl::map::value_type>& from);

} // namespace peer::internal::value
