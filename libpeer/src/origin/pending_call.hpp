// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/io_server.hpp"
#include "origin/metrics.hpp"
#include "peer/control_actor.hpp"
#include "wire/message.hpp"

#include "caf/typed_response_promise.hpp"

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace peer::internal::origin {

/// The error for a reply that is not `ok`. @param peer names the peer; empty if it is this program
caf::error to_error(const wire::reply& reply, const atom& module, const atom& function, std::string_view peer = {});

/// The error for a call that has timed out.
caf::error timed_out(const atom& module, const atom& function, std::string_view peer = {});

/// A call that has not been answered: the function, and the receiver of the answer. Answer it once.
class pending_call {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// A call that an actor has requested. @param meter counts it, and must outlive it.
  pending_call(atom module, atom function, caf::typed_response_promise<encoded_term> caller, metrics& meter)
      : module_(std::move(module)), function_(std::move(function)), caller_(std::move(caller)), meter_(&meter) {}

  /// A call of this library itself: the I/O server's, or the heartbeat.
  pending_call(atom module, atom function, console::evaluated caller)
      : module_(std::move(module)), function_(std::move(function)), evaluated_(std::move(caller)) {}

  /// Records that it has been sent. @param until where it ends in the outgoing stream (`channel::position`).
  void sent(std::uint64_t until, time_point now);

  /// Passes on why it could not be sent.
  void refuse(caf::error why);

  /// Passes on the answer of the peer, which errors name.
  void answer(const wire::reply& reply, std::string_view peer, time_point now);

  /// Fails it: there will be no answer.
  void fail(caf::error why);

  /// Fails it with `errc::timeout`.
  void time_out(std::string_view peer);

  /// Where it ends in the outgoing stream.
  std::uint64_t sent_until() const noexcept { return sent_until_; }

  /// Whether it is a call of this library itself.
  bool internal() const noexcept { return meter_ == nullptr; }

  const atom& module() const noexcept { return module_; }
  const atom& function() const noexcept { return function_; }

private:
  void ended(call_result how);
  void deliver_error(caf::error why);

  atom module_;
  atom function_;
  caf::typed_response_promise<encoded_term> caller_;
  metrics* meter_ = nullptr; ///< null if `internal`
  std::uint64_t sent_until_ = 0;
  time_point sent_at_;
  console::evaluated evaluated_; ///< empty unless `internal`
};

} // namespace peer::internal::origin
