// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "origin/calls.hpp"
#include "peer/control_actor.hpp"
#include "peer/failure.hpp"
#include "peer/options.hpp"
#include "peer/term.hpp"

#include "caf/error.hpp"

#include <string>
#include <vector>

/// @file
/// The state of a control actor as shown and changed by system messages ("System messages" in docs/design.md).

namespace peer::internal::origin {

/// The options as a map whose keys are their names. Functions are left out: post_process_args, output and input.
term describe(const start_options& options);

/// The state of a control actor.
struct control_state {
  const start_options& options;
  const std::vector<std::string>& arguments; ///< of the program that was started
  peer_status status;
  phase reached = phase::spawn;
  const calls& outstanding;
};

/// The state as a map with the keys of OTP's `peer:state()`.
term describe(const control_state& state);

/// Replaces the policies `peer_down` and `shutdown` in `options` by those of a changed state. `wanted` may differ from
/// `present` only in these. Fails with `errc::invalid_option` and then changes nothing.
caf::error change_policies(start_options& options, const term& present, const term& wanted);

} // namespace peer::internal::origin
