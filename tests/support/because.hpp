// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "caf/error.hpp"
#include "caf/system_messages.hpp"

#include <utility>

namespace peer::test {

/// What a message about the end of an actor is compared with in a clause of CAF's test DSL: its reason.
///
///     expect((caf::down_msg), from(child).to(self).with(because{caf::exit_reason::kill}));
struct because {
  explicit because(caf::error why = {}) : reason(std::move(why)) {}

  caf::error reason; ///< no error for a normal end

  friend bool operator==(const caf::down_msg& x, const because& y) { return x.reason == y.reason; }

  friend bool operator==(const caf::exit_msg& x, const because& y) { return x.reason == y.reason; }

  template <class Inspector>
  friend bool inspect(Inspector& f, because& x) {
    return f.object(x).fields(f.field("reason", x.reason));
  }
};

} // namespace peer::test
