// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/child_spec.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace peer::test {

/// A child of a script, as both supervisors can have it. `shutdown` and `type` are in Erlang's syntax or "default".
struct script_child {
  std::string id;
  restart_type restart = restart_type::permanent;
  bool significant = false;
  std::string shutdown = "default";
  std::string type = "default";
};

/// What a script has a supervisor do, or one of its children.
///
///     boot                       start the supervisor
///     fail ID COUNT              the next starts of that child fail
///     ignore ID COUNT            the next ones return `ignore`
///     exit ID REASON             the child ends by itself
///     start_child CHILD, start_dynamic, terminate ID, restart ID, delete ID, childspec ID      a request
///     shutdown                   the supervisor's parent tells it to stop
///     batch STEPS                all of them arrive before the supervisor does anything
struct script_step {
  std::string verb;
  std::string id = {};
  std::string argument = {}; ///< a reason, or a count
  script_child child = {};   ///< of `start_child`
  std::vector<script_step> inner = {};
};

/// The life of one supervisor. Restarts are counted as if no time passed.
struct script {
  std::uint64_t number = 0;
  restart_strategy strategy = restart_strategy::one_for_one;
  std::uint32_t intensity = 0;
  peer::auto_shutdown auto_shutdown = peer::auto_shutdown::never;
  std::vector<script_child> children;
  std::vector<script_step> steps;
};

/// The ends that children can have, as the scripts name them: `normal`, `shutdown`, `shutdown_because` (Erlang's
/// `{shutdown, because}`), `crash` and `kill`.
error exit_reason_named(std::string_view name);

/// @param number from which everything else follows
script make_script(std::uint64_t number);

/// The script as an Erlang term on one line, with its full stop.
std::string to_string(const script& what);

} // namespace peer::test
