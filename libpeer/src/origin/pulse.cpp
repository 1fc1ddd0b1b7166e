// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/pulse.hpp"

#include <algorithm>

namespace peer::internal::origin {

pulse::verdict pulse::look(time_point now, const traffic& seen) {
  auto result = verdict::wait;
  if (!asked_ && now < next_question_) {
    next_look_ = next_question_;
    return result;
  }
  if (!asked_) {
    result = verdict::ask;
    asked_ = true;
    next_question_ = now + how_.interval;
    queue_end_ = seen.position;
    deadline_ = now + how_.timeout;
    before_ = seen;
  } else if (now >= deadline_) {
    if (!moves(seen) && !is_late(now))
      return verdict::hung;
    deadline_ = now + how_.timeout;
    before_ = seen;
  }
  next_look_ = std::min(now + how_.interval, deadline_);
  return result;
}

bool pulse::moves(const traffic& seen) const noexcept {
  return seen.received != before_.received || (before_.written < queue_end_ && seen.written != before_.written);
}

/// Whether this program was suspended, and perhaps the peer with it: both may have been frozen.
bool pulse::is_late(time_point now) const noexcept {
  return now - deadline_ >= how_.timeout / 2;
}

} // namespace peer::internal::origin
