// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/base/type_ids.hpp"
#include "peer/io/sink.hpp"

#include "caf/allowed_unsafe_message_type.hpp"

#include <vector>

namespace peer {

template <class Inspector>
bool inspect(Inspector& f, output_line& x) {
  return f.object(x).fields(f.field("from", x.from), f.field("text", x.text));
}

/// Lines on their way to an actor. Stays in this program.
struct output_batch {
  std::vector<output_line> lines; ///< at least one
  sink::done written;
};

} // namespace peer

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(peer::output_batch)
