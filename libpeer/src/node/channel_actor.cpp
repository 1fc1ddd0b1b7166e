// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/channel_actor.hpp"

#include "base/caf_compat.hpp"
#include "loop/pinned.hpp"
#include "node/node_end.hpp"
#include "node/session.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"

#include <cstdlib>
#include <optional>
#include <utility>

namespace peer::internal::node {

namespace {

class channel_actor_impl final : public loop::pinned<channel_actor::base> {
public:
  channel_actor_impl(caf::actor_config& cfg, loop::habitat place, std::shared_ptr<node_state> node,
                     peer_supervision_actor supervision, origin_link link)
      : pinned(cfg, std::move(place)),
        node_(std::move(node)),
        supervision_(std::move(supervision)),
        link_(std::move(link)) {
    session_ = std::make_shared<session>(where().loop, load_limits::of(system()), node_, [this](caf::error why) {
      closed_ = std::move(why); // handled later: the session calls this from its own functions
      send_anonymous(caf::actor_cast<channel_actor>(this), base::poke_atom_v);
    });
  }

  const char* name() const override { return "peer.channel"; }

  behavior_type make_behavior() override {
    set_default_handler([](caf::scheduled_actor*, caf::message&) -> caf::skippable_result {
      return caf::message{}; // stray messages are dropped
    });
    set_error_handler([](caf::error&) {});
    connect(std::exchange(supervision_, nullptr));
    session_->start(std::move(link_));
    return {
        [this](outgoing_message& x) -> caf::result<void> { return to_result(session_->send(x.to, x.content)); },
        [this](console_request& x) { return on_console_request(x.request); },
        [this](base::halt_atom, std::int32_t status) {
          run_delayed(defaults::flush_timeout, [this, status] {
            session_->flush(); // this machine may be slow, not the origin
            std::quick_exit(status);
          });
        },
        [this](base::flush_atom) { session_->flush(); },
        [this](stop_atom) { return on_stop(); },
        [this](base::poke_atom) { on_poke(); },
    };
  }

  void on_exit() override {
    session_.reset();
    pinned::on_exit();
  }

private:
  void connect(const peer_supervision_actor& supervision) {
    request(supervision, defaults::supervision_connect_timeout, base::channel_connect_atom_v,
            caf::actor_cast<caf::actor>(this))
        .then([] {}, [](const caf::error&) { end_node("peer_supervision_connect_timeout"); });
  }

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

  void on_poke() {
    session_->send_outgoing();
    if (closed_)
      on_closed(std::move(*closed_));
  }

  /// The node can no longer be reached. No error is printed if the origin closed the connection in order.
  void on_closed(caf::error why) {
    if (node_->ending)
      return quit(std::move(why));
    auto in_order = !why || why == errc::connection_closed;
    end_node(in_order ? "" : "the connection to the origin failed: " + text_of(why));
  }

  std::shared_ptr<node_state> node_;
  peer_supervision_actor supervision_; ///< until this actor has started: the two must not keep each other alive
  origin_link link_;
  std::shared_ptr<session> session_;
  std::optional<caf::error> closed_; ///< why the connection has ended, once it has; no error if the origin closed it
};

} // namespace

channel_actor spawn_channel_actor(caf::actor_system& sys, const loop::event_loop_ptr& where,
                                  std::shared_ptr<node_state> node, const peer_supervision_actor& supervision,
                                  origin_link link) {
  return loop::spawn_pinned<channel_actor_impl>(sys, loop::habitat{where}, std::move(node), supervision,
                                                std::move(link));
}

} // namespace peer::internal::node
