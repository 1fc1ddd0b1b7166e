// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/heartbeat_monitor.hpp"

#include "peer/term.hpp"

#include "caf/expected.hpp"

#include <utility>

namespace peer::internal::origin {

heartbeat_monitor::heartbeat_monitor(caf::scheduled_actor& self, const std::optional<heartbeat>& how, exchange& peer,
                                     const lifecycle& life, std::function<void()> on_hung)
    : how_(how), peer_(peer), life_(life), on_hung_(std::move(on_hung)), alarm_(self, [this] { look(); }) {
  // nop
}

void heartbeat_monitor::start() {
  if (!how_ || !life_.running())
    return;
  pulse_.emplace(*how_, alarm_.now());
  alarm_.set(pulse_->next_look());
}

void heartbeat_monitor::look() {
  if (life_.running() && pulse_->asked())
    peer_.drain(); // the answer may have arrived, and this program may be late
  if (!life_.running())
    return;
  if (verdict() == pulse::verdict::hung)
    on_hung_();
  else
    alarm_.set(pulse_->next_look());
}

pulse::verdict heartbeat_monitor::verdict() {
  auto result = pulse_->look(alarm_.now(), peer_.traffic());
  if (result == pulse::verdict::ask)
    peer_.evaluate(atom{"erlang"}, atom{"is_alive"}, erl::list{},
                   [this](const caf::expected<term>&) { pulse_->answered(); });
  return result;
}

} // namespace peer::internal::origin
