// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/control_actor.hpp"
#include "peer/options.hpp"

#include "caf/actor_addr.hpp"
#include "caf/typed_response_promise.hpp"

#include <optional>
#include <utility>
#include <vector>

namespace peer::internal::origin {

/// Those who wait for a peer: for its boot, until it is ready, for its end. Each is told once. Who asks for what has
/// happened already is a matter of the owner.
class waiters {
public:
  /// @param how whom else to tell of the boot. @param control the peer's control actor.
  waiters(const wait_boot_option& how, caf::actor_addr control);

  // -- who waits ---

  void for_boot(caf::typed_response_promise<atom> who) { boot_.push_back(std::move(who)); }

  void for_ready(caf::typed_response_promise<void> who) { ready_.push_back(std::move(who)); }

  void for_end(caf::typed_response_promise<stop_report> who) { end_.push_back(std::move(who)); }

  // -- what happens ---

  /// The peer runs.
  void on_started(const atom& node);

  /// The peer says that it is ready. It may say so before it has said that it runs.
  void on_ready();

  /// The peer has ended: who waited for that gets `report`, everybody else `why`.
  void on_end(const caf::error& why, const stop_report& report);

  /// The control actor was killed: everybody gets `why`.
  void on_killed(const caf::error& why);

  /// Whether the peer runs and is ready.
  bool ready() const noexcept { return started_ && says_ready_; }

private:
  void tell_ready();
  void disappoint(const caf::error& why);
  void notify_receiver(start_notice notice) const;

  std::optional<notify> receiver_;
  caf::actor_addr control_;
  std::vector<caf::typed_response_promise<atom>> boot_;
  std::vector<caf::typed_response_promise<void>> ready_;
  std::vector<caf::typed_response_promise<stop_report>> end_;
  bool started_ = false;
  bool says_ready_ = false;
};

} // namespace peer::internal::origin
