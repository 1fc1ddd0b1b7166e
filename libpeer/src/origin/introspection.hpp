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
/// What system messages show of a control actor, and what they can change ("System messages" in docs/design.md).

namespace peer::internal::origin {

/// The options as a map with OTP's names as keys. Functions are left out: post_process_args, sink and source.
term describe(const start_options& options);

/// What a control actor knows of its peer.
struct control_state {
  const start_options& options;
  const std::vector<std::string>& arguments; ///< what the program was started with
  peer_status status;
  phase reached = phase::spawn;
  const calls& outstanding;
};

/// The state as a map with the keys of OTP's `peer:state()`.
term describe(const control_state& state);

/// Puts the policies `peer_down` and `shutdown` of a changed state in place of those in `options`. `wanted` has to be
/// `present` but for these: the rest has happened. Fails with `errc::invalid_option` and then changes nothing.
caf::error change_policies(start_options& options, const term& present, const term& wanted);

} // namespace peer::internal::origin
