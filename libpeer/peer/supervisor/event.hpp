// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/enum_names.hpp"
#include "peer/base/error.hpp"
#include "peer/base/type_ids.hpp"

#include "caf/timespan.hpp"
#include "caf/timestamp.hpp"

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace peer {

/// What happens to children.
enum class event_kind : std::uint8_t {
  starting,     ///< It is being started.
  started,      ///< It runs, and may have to become ready.
  ready,        ///< It is ready: calls reach it.
  start_failed, ///< It could not be started, or did not become ready.
  exited,       ///< It ended by itself.
  restarting,   ///< It will be started again, after `delay`.
  stopping,     ///< It is being stopped.
  stopped,      ///< It has ended because it was stopped.
  gave_up,      ///< Its supervisor stops since there were too many restarts; this one's was the last.
  removed,      ///< Its spec is gone.
};

template <>
inline constexpr auto enum_names<event_kind> =
    std::array<std::string_view, 10>{"starting",   "started",  "ready",   "start_failed", "exited",
                                     "restarting", "stopping", "stopped", "gave_up",      "removed"};

/// What subscribers of a tree receive (see `subscribe_atom`).
struct supervisor_event {
  event_kind kind = event_kind::starting;

  /// The child's path: its id behind those of the supervisors above it, with `/` between.
  std::string path;

  std::uint64_t generation = 0;

  /// The process's id if the child is a peer that runs, or has just ended.
  std::optional<std::int64_t> process_id;

  /// How it ended, or why it could not be started.
  error reason;

  /// Until it is restarted.
  caf::timespan delay{0};

  caf::timestamp when;
};

template <class Inspector>
bool inspect(Inspector& f, supervisor_event& x) {
  return f.object(x).fields(f.field("kind", x.kind), f.field("path", x.path), f.field("generation", x.generation),
                            f.field("process_id", x.process_id), f.field("reason", x.reason), f.field("delay", x.delay),
                            f.field("when", x.when));
}

/// One line for people: "db/worker: exited, generation 3, process 4711: …".
std::string describe(const supervisor_event& event);

} // namespace peer
