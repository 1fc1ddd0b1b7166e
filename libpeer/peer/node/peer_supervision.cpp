// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/node/peer_supervision.hpp"

#include "peer/base/error.hpp"
#include "peer/loop/pinned.hpp"

#include "caf/all.hpp"

#include <cstdlib>
#include <string>

#include <poll.h>
#include <unistd.h>

namespace peer {

namespace {

class peer_supervision final : public pinned<caf::event_based_actor> {
public:
  peer_supervision(caf::actor_config& cfg, habitat place, const channel_actor& channel)
      : pinned(cfg, std::move(place)) {
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
      complain("libpeer: the connection to the origin failed: " + text_of(why) + "\n");
    std::quick_exit(1);
  }

  /// Not by stdio: another thread may have its lock and never give it back.
  static void complain(const std::string& text) {
    auto ready = pollfd{STDERR_FILENO, POLLOUT, 0};
    if (poll(&ready, 1, 0) == 1 && write(STDERR_FILENO, text.data(), text.size()) < 0)
      return; // nobody is there to be told
  }
};

} // namespace

caf::actor spawn_peer_supervision(caf::actor_system& sys, const loop_ptr& where, const channel_actor& channel) {
  return spawn_pinned<peer_supervision>(sys, habitat{where}, channel);
}

} // namespace peer
