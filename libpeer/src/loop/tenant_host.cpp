// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/tenant_host.hpp"

#include "caf/abstract_actor.hpp"
#include "caf/actor_cast.hpp"
#include "caf/actor_system.hpp"
#include "caf/exit_reason.hpp"
#include "caf/send.hpp"

#include <utility>

namespace peer::internal::loop {

namespace {

/// Messages that an actor may process before another one gets its turn.
constexpr std::size_t max_throughput = 100;

} // namespace

tenant_host::tenant_host(caf::actor_system& sys, std::function<void()> wake)
    : base::custom_actor_host(sys), sys_(sys), wake_(std::move(wake)) {}

// -- those that live --------------------------------------------------------------------------------------------------

void tenant_host::enroll(const caf::strong_actor_ptr& tenant) {
  {
    auto guard = std::lock_guard{mutex_};
    living_.emplace(tenant->id(), caf::weak_actor_ptr{tenant.get()});
  }
  if (ending_)
    caf::anon_send_exit(tenant, caf::exit_reason::kill);
}

void tenant_host::withdraw(caf::actor_id tenant) noexcept {
  auto guard = std::lock_guard{mutex_};
  living_.erase(tenant);
}

bool tenant_host::contains(const caf::abstract_actor& whom) const noexcept {
  auto guard = std::lock_guard{mutex_};
  return living_.contains(whom.id()) && whom.node() == sys_.node(); // IDs are unique within a node only
}

std::size_t tenant_host::count() const noexcept {
  auto guard = std::lock_guard{mutex_};
  return living_.size();
}

void tenant_host::kill_all() {
  ending_ = true;
  for (auto& tenant : living())
    caf::anon_send_exit(tenant, caf::exit_reason::kill);
}

std::vector<caf::strong_actor_ptr> tenant_host::living() const {
  auto result = std::vector<caf::strong_actor_ptr>{};
  auto guard = std::lock_guard{mutex_};
  for (auto& [id, tenant] : living_)
    if (auto ptr = tenant.lock())
      result.push_back(std::move(ptr));
  return result;
}

// -- those that are ready ---------------------------------------------------------------------------------------------

bool tenant_host::run_ready() {
  return ready_.take_all([this](caf::resumable* what) { resume(what); });
}

void tenant_host::run_later(caf::resumable* what) {
  if (what->subtype() == caf::resumable::io_actor) {
    ready_.add(what);
    wake_();
  } else if (!ending_) {
    base::schedule(sys_, what);
  } else { // CAF's scheduler has stopped and would never run it
    intrusive_ptr_release(what);
  }
}

void tenant_host::resume(caf::resumable* what) {
  switch (what->resume(this, max_throughput)) {
  case caf::resumable::resume_later:
    run_later(what);
    break;
  case caf::resumable::shutdown_execution_unit:
    break;
  default:
    intrusive_ptr_release(what);
  }
}

} // namespace peer::internal::loop
