// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/control/messages.hpp"
#include "peer/io/io_server.hpp"
#include "peer/wire/message.hpp"

#include "caf/typed_response_promise.hpp"

#include <cstdint>
#include <utility>

namespace peer {

/// A call that has been sent and not been answered: what it called, and who waits for it. Answer it once.
class pending_call {
public:
  /// A call that an actor asked for.
  pending_call(atom module, atom function, caf::typed_response_promise<encoded_term> caller)
      : module_(std::move(module)), function_(std::move(function)), caller_(std::move(caller)) {}

  /// A call that the I/O server asked for.
  pending_call(atom module, atom function, io_server::evaluated caller)
      : module_(std::move(module)), function_(std::move(function)), evaluated_(std::move(caller)) {}

  /// Passes on what the peer said.
  void answer(const wire::reply& reply);

  /// Passes on why there is no answer.
  void fail(caf::error why);

  /// Tells that the time for it has passed.
  void time_out();

  /// Where it ends in what has been sent to the peer (`channel::position`).
  std::uint64_t sent_until() const noexcept { return sent_until_; }
  void sent_until(std::uint64_t position) noexcept { sent_until_ = position; }

  const atom& module() const noexcept { return module_; }
  const atom& function() const noexcept { return function_; }

private:
  atom module_;
  atom function_;
  caf::typed_response_promise<encoded_term> caller_;
  std::uint64_t sent_until_ = 0;
  io_server::evaluated evaluated_; ///< empty unless it is the I/O server's
};

} // namespace peer
