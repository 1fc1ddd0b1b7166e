// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "base/caf_compat.hpp"
#include "loop/ready_queue.hpp"

#include "caf/actor_control_block.hpp"
#include "caf/fwd.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <map>
#include <mutex>
#include <vector>

namespace peer::internal::loop {

/// The actors that are pinned to a loop (see pinned.hpp): those that live, and those that have messages to process.
/// Other actors that a tenant sends to are handed to CAF's scheduler.
class tenant_host final : public base::custom_actor_host {
public:
  /// @param wake called by any thread when a tenant became ready to run.
  tenant_host(caf::actor_system& sys, std::function<void()> wake);

  // -- those that live; called by any thread ---

  void enroll(const caf::strong_actor_ptr& tenant);

  void withdraw(caf::actor_id tenant) noexcept;

  /// Whether the actor is a tenant that has not terminated.
  bool contains(const caf::abstract_actor& whom) const noexcept;

  /// Number of tenants that have not terminated.
  std::size_t count() const noexcept;

  /// Sends all tenants, present and future ones, the exit reason `kill`. CAF's scheduler gets nothing after that.
  void kill_all();

  // -- those that are ready ---

  /// Whether a tenant is ready to run. Any thread may call this.
  bool ready() const noexcept { return !ready_.empty(); }

  /// Resumes the tenants that are ready now, each for at most 100 messages. Returns whether there were any. Called on
  /// the loop.
  bool run_ready();

  // -- custom_actor_host ---

  void run_later(caf::resumable* what) override;

private:
  void resume(caf::resumable* what);
  std::vector<caf::strong_actor_ptr> living() const;

  caf::actor_system& sys_;
  std::function<void()> wake_;
  ready_queue ready_;
  std::atomic<bool> ending_ = false;
  mutable std::mutex mutex_; ///< guards what follows
  std::map<caf::actor_id, caf::weak_actor_ptr> living_;
};

} // namespace peer::internal::loop
