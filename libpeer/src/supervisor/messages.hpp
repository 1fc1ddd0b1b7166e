// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "base/type_ids.hpp"
#include "peer/supervisor_actor.hpp"

#include "caf/allowed_unsafe_message_type.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

/// @file
/// Messages between a supervisor and its children.

namespace peer::internal::supervisor {

/// A request to start a child.
struct start_order {
  std::uint64_t generation = 0;
  child_spec spec;
  std::vector<term> arguments;
};

/// Kinds of `child_notice`.
enum class notice_kind : std::uint8_t { started, ready, ignored, start_failed, stopped, exited };

/// A report of a child to its supervisor.
struct child_notice {
  std::string id;
  std::uint64_t generation = 0;
  notice_kind kind = notice_kind::started;
  error reason;
  std::optional<std::int64_t> process_id;
  std::vector<std::string> limits_off;
};

} // namespace peer::internal::supervisor

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(peer::internal::supervisor::start_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(peer::internal::supervisor::child_notice)
