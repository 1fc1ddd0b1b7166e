// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/node/peer_supervision.hpp"

#include "peer/base/error.hpp"
#include "peer/loop/pinned.hpp"

#include "caf/all.hpp"

#include <cstdio>
#include <cstdlib>

namespace peer {

namespace {

class peer_supervision final : public pinned<caf::event_based_actor> {
public:
  peer_supervision(caf::actor_config& cfg, habitat place, const channel_actor& channel) : pinned(cfg, std::move(place)) {
    set_down_handler([](caf::scheduled_actor*, const caf::down_msg& down) { on_down(down.reason); });
    set_default_handler(caf::drop);
    monitor(channel);
  }

  const char* name() const override { return "peer_supervision"; }

  caf::behavior make_behavior() override {
    return {
        [](get_state_atom) { return true; },
    };
  }

private:
  static void on_down(const caf::error& why) {
    if (why == caf::exit_reason::user_shutdown) // by the node's own end
      return;
    if (why != errc::connection_closed) // else the origin wants it so, or is not there to read
      std::fprintf(stderr, "libpeer: the connection to the origin failed: %s\n", text_of(why).c_str());
    std::quick_exit(1);
  }
};

} // namespace

caf::actor spawn_peer_supervision(caf::actor_system& sys, const loop_ptr& where, const channel_actor& channel) {
  return spawn_pinned<peer_supervision>(sys, habitat{where}, channel);
}

} // namespace peer
