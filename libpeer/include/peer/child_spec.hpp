// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/detail/defaults.hpp"
#include "peer/detail/enum_names.hpp"
#include "peer/error.hpp"
#include "peer/options.hpp"
#include "peer/term.hpp"

#include "caf/actor.hpp"
#include "caf/expected.hpp"
#include "caf/fwd.hpp"
#include "caf/timespan.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

/// @file
/// The specs of supervisors: their rules and their children. Names and defaults are those of OTP's
/// `supervisor:sup_flags()` and `supervisor:child_spec()`; fields that OTP does not have follow at the end and are off
/// by default.

namespace peer {

// -- rules ------------------------------------------------------------------------------------------------------------

/// Which children are restarted when one must be.
enum class restart_strategy : std::uint8_t {
  one_for_one,        ///< That child.
  one_for_all,        ///< All children; those that run are stopped before.
  rest_for_one,       ///< That child and those that were started after it.
  simple_one_for_one, ///< That child. All children are made from one spec, while the supervisor runs.
};

template <>
inline constexpr auto detail::enum_names<restart_strategy> =
    std::array<std::string_view, 4>{"one_for_one", "one_for_all", "rest_for_one", "simple_one_for_one"};

/// When a child that has ended is restarted.
enum class restart_type : std::uint8_t {
  permanent, ///< Always.
  transient, ///< Unless it ended normally (see `end_kind`).
  temporary, ///< Never. Its spec is deleted when it ends.
};

template <>
inline constexpr auto detail::enum_names<restart_type> =
    std::array<std::string_view, 3>{"permanent", "transient", "temporary"};

/// Whether a supervisor stops when significant children have ended by themselves and are not restarted.
enum class auto_shutdown : std::uint8_t {
  never,
  any_significant, ///< When one has.
  all_significant, ///< When the last one has.
};

template <>
inline constexpr auto detail::enum_names<auto_shutdown> =
    std::array<std::string_view, 3>{"never", "any_significant", "all_significant"};

/// How a supervisor restarts. If more than `intensity` restarts happen within `period`, it stops its children and gives
/// up: it exits with `caf::exit_reason::user_shutdown`, and its own supervisor applies its rules to that.
struct supervisor_flags {
  restart_strategy strategy = restart_strategy::one_for_one;
  std::uint32_t intensity = defaults::restart_intensity;
  caf::timespan period = defaults::restart_period; ///< more than 0
  peer::auto_shutdown auto_shutdown = peer::auto_shutdown::never;

  /// Beyond OTP: children are started without waiting until those before them are ready, and restarted without waiting
  /// for others. If one cannot be started at the boot, all are stopped. For `one_for_one` only, whose children do not
  /// depend on each other.
  bool concurrent_starts = false;
};

// -- children ---------------------------------------------------------------------------------------------------------

/// `shutdown`: the child is killed without being asked to stop.
struct brutal_kill {};

/// How long a child may take to stop before it is killed (`caf::infinite` for ever), or that it is killed at once.
using child_shutdown = std::variant<caf::timespan, brutal_kill>;

/// The argument of an `actor_factory`: facts about the child to be made.
struct child_context {
  caf::actor_system& system;

  /// Represents the child as long as its spec exists. An actor whose spec has `says_ready` sends `ready_atom` to it.
  caf::actor child;

  /// Counts the starts of this child, from 1 on. To be sent with `ready_atom`.
  std::uint64_t generation;

  /// The arguments of a child of a `simple_one_for_one` supervisor; else empty.
  const std::vector<term>& arguments;
};

/// Makes the actor. Called on the loop, so it must not block: calls of peers fail with `errc::would_block`. A null
/// actor means that there is nothing to run (OTP: `ignore`). The actor must be new: one that is part of the tree
/// already is refused.
using actor_factory = std::function<caf::expected<caf::actor>(const child_context&)>;

struct child_spec;

/// A supervisor and its children: a tree, if one of them is a supervisor.
struct supervisor_spec {
  supervisor_flags flags = {};

  /// In the order in which they are started; they are stopped in the reverse order. For `simple_one_for_one` exactly
  /// one, which is not started but is the pattern for all.
  std::vector<child_spec> children; // clang takes no initializer of a vector of something incomplete
};

/// What runs as a child, and where: an actor of this process, a peer (C++ or Erlang, on this machine, behind ssh or in
/// a container), or another supervisor.
using placement = std::variant<actor_factory, start_options, supervisor_spec>;

enum class child_type : std::uint8_t { worker, supervisor };

template <>
inline constexpr auto detail::enum_names<child_type> = std::array<std::string_view, 2>{"worker", "supervisor"};

// -- beyond OTP -------------------------------------------------------------------------------------------------------

/// The delay of a restart: `initial` for the first one, each time multiplied by `factor`, at most `maximum`; `initial`
/// again after the child has run for `reset_after`. Each delay is changed by a random part of at most `jitter` (0 to 1)
/// of it, so that many children do not restart at the same time. Other children that the restart will affect run on
/// until the delay is over.
struct restart_backoff {
  caf::timespan initial = defaults::backoff_initial;
  double factor = 2;
  caf::timespan maximum = defaults::backoff_maximum;
  double jitter = 0.1;
  caf::timespan reset_after = defaults::backoff_reset;
};

/// The child reports that it is ready: a peer by `peer::node::ready` or, in Erlang, `io:request(group_leader(),
/// ready)`; an actor by sending `ready_atom` and its generation to `child_context::child`.
struct says_ready {
  caf::timespan within = defaults::ready_timeout; ///< after it was started
};

/// The child is ready when a call to it succeeds.
struct ready_probe {
  std::string module;
  std::string function;
  std::vector<term> arguments = {};
  std::optional<term> expected = std::nullopt;       ///< the result that means ready; any without it
  caf::timespan interval = defaults::probe_interval; ///< between two calls
  caf::timespan within = defaults::ready_timeout;    ///< after it was started
};

/// When a child is ready, and the next one is started: at once when it was started, or later. One that does not become
/// ready in time is stopped and has failed to start.
using readiness = std::variant<std::monostate, says_ready, ready_probe>;

/// One child.
struct child_spec {
  /// The name of the child, unique among its siblings; without `/`.
  std::string id;

  /// What is to run.
  placement start;

  restart_type restart = restart_type::permanent;

  /// Whether the end of the child may stop the supervisor (`supervisor_flags::auto_shutdown`). Invalid for permanent
  /// children.
  bool significant = false;

  /// Default: 5 s for workers, `caf::infinite` for supervisors; for peers, what their option `shutdown` takes. A peer
  /// is always asked as that option says.
  std::optional<child_shutdown> shutdown = std::nullopt;

  /// Default: by `start`. An actor may be a supervisor, too.
  std::optional<child_type> type = std::nullopt;

  // -- beyond OTP ---

  std::optional<restart_backoff> backoff = std::nullopt;

  /// Exit statuses (0 to 255) of a peer after which it is not restarted, whatever `restart` is.
  std::vector<int> final_statuses = {};

  readiness ready = {};

  /// Calls that may wait for the child while it is down (see `patient_call`).
  std::size_t max_waiting = defaults::max_waiting_calls;

  /// Compared by `apply_atom`: a child whose spec has the same id and revision goes on undisturbed. A program that
  /// reads specs from a file can use their text.
  std::string revision = {};
};

/// The type of a child: `child_spec::type`, or its default.
[[nodiscard]] child_type type_of(const child_spec& spec) noexcept;

/// The time that a child has to stop: `child_spec::shutdown`, or its default.
[[nodiscard]] child_shutdown shutdown_of(const child_spec& spec) noexcept;

// -- ends -------------------------------------------------------------------------------------------------------------

/// The end of a child, as the restart rules distinguish it.
enum class end_kind : std::uint8_t {
  normal,   ///< No error, `caf::exit_reason::user_shutdown`, or a peer that ran and exited with status 0.
  abnormal, ///< Everything else.
  final_,   ///< A status of `child_spec::final_statuses`.
};

/// Classifies the end of a child.
/// @param reason the exit reason of an actor, or of a control actor with `peer_down::crash`
[[nodiscard]] end_kind classify(const child_spec& spec, const error& reason) noexcept;

// -- validation -------------------------------------------------------------------------------------------------------

/// Checks specs without starting anything (OTP: supervisor:check_childspecs/2). The error (`errc::invalid_option`)
/// names the child by its path, the field and its value.
[[nodiscard]] error check_childspecs(const std::vector<child_spec>& specs,
                                     auto_shutdown shutdown = auto_shutdown::never);

/// The same for one spec, whose siblings are not known.
[[nodiscard]] error validate(const child_spec& spec, auto_shutdown shutdown = auto_shutdown::never);

/// The same for a whole tree.
[[nodiscard]] error validate(const supervisor_spec& spec);

} // namespace peer
