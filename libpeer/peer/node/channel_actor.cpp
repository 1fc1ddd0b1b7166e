// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/node/channel_actor.hpp"

#include "peer/base/defaults.hpp"
#include "peer/base/error.hpp"
#include "peer/loop/pinned.hpp"
#include "peer/node/session.hpp"

#include "caf/all.hpp"

#include <cstdlib>
#include <utility>

namespace peer {

namespace {

/// The interface, and what the actor tells itself: that the connection has ended.
using channel_self = channel_actor::extend<caf::result<void>(poke_atom)>;

class channel_actor_impl final : public pinned<channel_self::base> {
public:
  channel_actor_impl(caf::actor_config& cfg, habitat place, std::shared_ptr<node_state> node, origin_link link)
      : pinned(cfg, std::move(place)), link_(std::move(link)) {
    session_ = std::make_shared<session>(where().loop, std::move(node), [this](caf::error why) {
      closed_ = std::move(why); // acted upon later: the session tells it from within
      caf::anon_send(caf::actor_cast<channel_self>(this), poke_atom_v);
    });
  }

  const char* name() const override { return "peer.channel"; }

  behavior_type make_behavior() override {
    set_default_handler([](caf::scheduled_actor*, caf::message&) -> caf::skippable_result {
      return caf::message{}; // stray messages are dropped
    });
    session_->start(std::move(link_));
    return {
        [this](outgoing_message& x) -> caf::result<void> { return to_result(session_->send(x.to, x.content)); },
        [this](console_request& x) { return on_console_request(x.request); },
        [this](halt_atom, std::int32_t status) {
          run_delayed(defaults::flush_timeout, [status] { std::quick_exit(status); });
        },
        [this](flush_atom) { session_->flush(); },
        [this](stop_atom) { return on_stop(); },
        [this](poke_atom) { on_closed(); },
    };
  }

  void on_exit() override {
    session_.reset();
    pinned::on_exit();
  }

private:
  static caf::result<void> to_result(caf::error err) {
    if (err)
      return err;
    return caf::unit;
  }

  caf::result<term> on_console_request(const term& request) {
    auto promise = make_response_promise<term>();
    auto answered = [promise](term answer) mutable { promise.deliver(std::move(answer)); };
    if (auto err = session_->request(request, answered))
      promise.deliver(std::move(err));
    return promise;
  }

  caf::result<void> on_stop() {
    auto promise = make_response_promise<void>();
    session_->stop([promise]() mutable { promise.deliver(); });
    return promise;
  }

  void on_closed() {
    if (!closed_)
      closed_ = caf::make_error(errc::connection_closed, std::string{"the origin closed the connection"});
    quit(std::move(closed_));
  }

  origin_link link_;
  std::shared_ptr<session> session_;
  caf::error closed_; ///< why the connection has ended; no error if the origin closed it
};

} // namespace

channel_actor spawn_channel_actor(caf::actor_system& sys, const loop_ptr& where, std::shared_ptr<node_state> node,
                                  origin_link link) {
  return spawn_pinned<channel_actor_impl>(sys, habitat{where}, std::move(node), std::move(link));
}

} // namespace peer
