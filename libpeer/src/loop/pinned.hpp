// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "base/caf_compat.hpp"
#include "loop/event_loop.hpp"

#include "caf/actor_cast.hpp"
#include "caf/actor_config.hpp"
#include "caf/actor_system.hpp"
#include "caf/event_based_actor.hpp"
#include "caf/make_actor.hpp"

#include <utility>

namespace peer::internal::loop {

/// Where a pinned actor lives. Without a loop `host` stands for another place that runs actors: CAF's test coordinator.
struct habitat {
  event_loop_ptr loop;
  base::actor_host* host = nullptr;

  habitat(event_loop_ptr where) : loop(std::move(where)), host(&loop->host()) {}

  explicit habitat(base::actor_host* where) : host(where) {}
};

/// Makes `Base`, an event-based actor, run on a loop: its mailbox is drained by the loop's thread, as CAF's own brokers
/// are by theirs, and so it may own descriptors and complete Asio operations without a lock.
///
/// A pinned actor is hidden: it does not keep `~actor_system` waiting but is killed by it.
template <class Base>
class pinned : public base::compatible_actor<Base> {
public:
  pinned(caf::actor_config& cfg, habitat where) : base::compatible_actor<Base>(cfg), habitat_(std::move(where)) {}

  bool enqueue(caf::mailbox_element_ptr what, base::actor_host*) override {
    if (habitat_.loop
        && habitat_.loop->ended()) { // a handle outlived the actor system: the base would touch what is gone
      base::bounce(*what);
      return false;
    }
    return Base::enqueue(std::move(what), habitat_.host);
  }

  void launch(base::actor_host*, bool lazy, bool) override {
    if (habitat_.loop)
      habitat_.loop->enroll(caf::strong_actor_ptr{this->ctrl()});
    Base::launch(habitat_.host, lazy, true);
  }

  caf::resumable::subtype_t subtype() const noexcept override { return caf::resumable::io_actor; }

  void on_exit() override {
    if (habitat_.loop)
      habitat_.loop->withdraw(this->id());
    Base::on_exit();
  }

protected:
  const habitat& where() const noexcept { return habitat_; }

private:
  habitat habitat_; // first to be constructed and last to be destroyed: members of Base's heirs use the loop's services
};

/// Spawns `Impl`, an heir of `pinned`, whose constructor takes `(actor_config&, habitat, args…)`.
template <class Impl, class... Ts>
auto spawn_pinned(caf::actor_system& sys, habitat where, Ts&&... args) {
  using handle_type = caf::infer_handle_from_class_t<Impl>;
  auto host = where.host;
  caf::actor_config cfg{host};
  auto result = caf::make_actor<Impl, handle_type>(sys.next_actor_id(), sys.node(), &sys, cfg, std::move(where),
                                                   std::forward<Ts>(args)...);
  static_cast<Impl*>(caf::actor_cast<caf::abstract_actor*>(result))->launch(host, false, true);
  return result;
}

} // namespace peer::internal::loop
