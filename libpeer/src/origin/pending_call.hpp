// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/io_server.hpp"
#include "origin/metrics.hpp"
#include "peer/control_actor.hpp"
#include "wire/message.hpp"

#include "caf/typed_response_promise.hpp"

#include <chrono>
#include <cstdint>
#include <utility>

namespace peer::internal::origin {

/// The error for a reply that is not `ok`.
caf::error to_error(const wire::reply& reply);

/// The error for a call whose time has passed.
caf::error timed_out(const atom& module, const atom& function);

/// A call that has been sent and not been answered: what it called, and who waits for it. Answer it once.
class pending_call {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A call that an actor asked for. @param meter counts it, and must outlive it.
  pending_call(atom module, atom function, caf::typed_response_promise<encoded_term> caller, metrics& meter)
      : module_(std::move(module)), function_(std::move(function)), caller_(std::move(caller)), meter_(&meter) {}

  /// A call that is our own: the I/O server's, or the heartbeat.
  pending_call(atom module, atom function, console::io_server::evaluated caller)
      : module_(std::move(module)), function_(std::move(function)), evaluated_(std::move(caller)) {}

  /// Notes that it has been sent. @param until where it ends in what has been sent to the peer (`channel::position`).
  void sent(std::uint64_t until, time_point now);

  /// Passes on why it could not be sent.
  void refuse(caf::error why);

  /// Passes on what the peer said.
  void answer(const wire::reply& reply, time_point now);

  /// Passes on why there is no answer.
  void fail(caf::error why);

  /// Tells that the time for it has passed.
  void time_out();

  /// Where it ends in what has been sent to the peer.
  std::uint64_t sent_until() const noexcept { return sent_until_; }

  /// Whether it is our own.
  bool internal() const noexcept { return meter_ == nullptr; }

  const atom& module() const noexcept { return module_; }
  const atom& function() const noexcept { return function_; }

private:
  void ended(call_result how);
  void tell(caf::error why);

  atom module_;
  atom function_;
  caf::typed_response_promise<encoded_term> caller_;
  metrics* meter_ = nullptr; ///< null if it is our own
  std::uint64_t sent_until_ = 0;
  time_point sent_at_;
  console::io_server::evaluated evaluated_; ///< empty unless it is our own
};

} // namespace peer::internal::origin
