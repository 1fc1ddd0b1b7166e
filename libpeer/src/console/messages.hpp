// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "base/type_ids.hpp"
#include "console/sink.hpp"

#include "caf/allowed_unsafe_message_type.hpp"

#include <vector>

namespace peer::internal::console {

/// Lines on their way to an actor. Stays in this program.
struct output_batch {
  std::vector<output_line> lines; ///< at least one
  sink::done written;
};

} // namespace peer::internal::console

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(peer::internal::console::output_batch)
