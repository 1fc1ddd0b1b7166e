// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include <cstddef>
#include <string>

namespace peer::internal::text {

/// The bytes of a term that errors, log lines and prompts have.
constexpr std::size_t max_shown = 4096;

/// Prints a term as `to_string` does, for people to read: in at most `limit` bytes (3 at least), where "…" stands for
/// what is left out, and with long integers as `#Integer<N bytes>`. Takes no more memory than that text, so the term
/// may be one of a peer that is not trusted.
std::string print_limited(const term& value, std::size_t limit = max_shown);

} // namespace peer::internal::text
