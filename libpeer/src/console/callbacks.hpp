// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/term.hpp"

#include "caf/fwd.hpp"

#include <functional>

/// @file
/// Functions that the owner of this room provides.

namespace peer::internal::console {

/// Runs a function on the loop's thread. Any thread may call it.
using poster = std::function<void(std::function<void()>)>;

/// Receives the value of a call, or the reason of its failure.
using evaluated = std::function<void(caf::expected<term>)>;

/// Calls a function in the peer. Needed for requests that name a function to make the text (`io:format` does) or to
/// parse the input: only the peer can run it. Called on the loop's thread, which calls `done` once, too.
using evaluator = std::function<void(const atom& module, const atom& function, const term& arguments, evaluated done)>;

} // namespace peer::internal::console
