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

/// Requests that wait for a peer: for its boot, for its readiness, for its end. Each is answered once. The owner
/// answers requests for what has happened already.
class waiters {
public:
  /// @param how names the receiver of a notice about the boot, if there is one. @param control sends that notice.
  waiters(const wait_boot_option& how, caf::actor_addr control);

  // -- requests ---

  void for_boot(caf::typed_response_promise<peer_status> request) { boot_.push_back(std::move(request)); }

  void for_ready(caf::typed_response_promise<void> request) { ready_.push_back(std::move(request)); }

  void for_end(caf::typed_response_promise<stop_report> request) { end_.push_back(std::move(request)); }

  // -- events ---

  /// The peer runs.
  void on_started(const peer_status& status);

  /// The peer has reported that it is ready, perhaps before it has sent `started`.
  void on_ready();

  /// The peer has ended: requests for the end are answered with `report`, all others with `why`.
  void on_end(const caf::error& why, const stop_report& report);

  /// The control actor was killed: all requests are answered with `why`.
  void on_killed(const caf::error& why);

  /// Whether the peer runs and is ready.
  bool ready() const noexcept { return started_ && says_ready_; }

private:
  void answer_ready();
  void fail(const caf::error& why);
  void notify_receiver(start_notice notice) const;

  std::optional<notify> receiver_;
  caf::actor_addr control_;
  std::vector<caf::typed_response_promise<peer_status>> boot_;
  std::vector<caf::typed_response_promise<void>> ready_;
  std::vector<caf::typed_response_promise<stop_report>> end_;
  bool started_ = false;
  bool says_ready_ = false;
};

} // namespace peer::internal::origin
