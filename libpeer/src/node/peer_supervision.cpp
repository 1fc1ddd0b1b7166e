// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/peer_supervision.hpp"

#include "base/caf_compat.hpp"
#include "peer/convert.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "sys/messages.hpp"
#include "sys/with_sys.hpp"
#include "term/text/print.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peer::internal::node {

namespace {

constexpr auto registered_name = "peer_supervision";

/// A reason as text for people.
std::string reason_text(const caf::error& why) {
  auto reason = sys::to_exit_reason(why);
  return reason ? text::print_limited(*reason) : to_string(why);
}

using supervision_self = peer_supervision_actor::extend_with<sys::sys_self>;

class peer_supervision final : public sys::with_sys<loop::pinned<supervision_self::base>> {
public:
  peer_supervision(caf::actor_config& cfg, loop::habitat place, std::shared_ptr<node_state> node, bool in_sup_tree,
                   std::function<void(const std::string&)> end)
      : with_sys(cfg, std::move(place)),
        node_(std::move(node)),
        parent_(node_->processes.make_pid()),
        in_sup_tree_(in_sup_tree),
        end_(std::move(end)) {}

  const char* name() const override { return registered_name; }

  behavior_type make_behavior() override {
    set_down_handler([this](caf::down_msg& x) { on_down(x); });
    set_exit_handler([](caf::exit_msg&) {}); // dropped, as all other stray messages
    set_error_handler([](caf::error&) {});
    set_default_handler([](caf::message&) -> caf::skippable_result { return caf::message{}; });
    limit_ = run_delayed(defaults::supervision_connect_timeout, [this] { fail("peer_channel_connect_timeout"); });
    return with_system_messages([this](base::channel_connect_atom, const caf::actor& channel) { on_connect(channel); });
  }

  void on_exit() override {
    limit_.dispose();
    if (!node_->ending)
      end_(std::string{registered_name} + " ended: " + (cause_.empty() ? "it was killed" : cause_));
    channel_ = nullptr;
    with_sys::on_exit();
  }

protected:
  // -- sys_callbacks ---

  term system_get_state() override { return tagged("peer_sup_state", parent_, channel_pid_, in_sup_tree_); }

  caf::error system_replace_state(const term& state) override {
    auto fields = match_tagged(state, "peer_sup_state", 4);
    if (fields == nullptr || !((*fields)[3].is_atom("true") || (*fields)[3].is_atom("false")))
      return peer::fail(errc::type_mismatch, "the state of peer_supervision must be {peer_sup_state, Parent, Channel, "
                                             "InSupTree}, not "
                                                 + text::print_limited(state));
    parent_ = (*fields)[1];
    channel_pid_ = (*fields)[2];
    channel_ = node_->processes.find(channel_pid_);
    in_sup_tree_ = (*fields)[3].is_atom("true");
    return {};
  }

  /// Waits until the answer has been sent: the node ends with this actor.
  void system_terminate(caf::error reason) override {
    cause_ = reason_text(reason);
    auto end = [this, reason] { quit(reason); };
    if (channel_)
      request(channel_, 2 * defaults::flush_timeout, base::flush_atom_v).then(end, [end](const caf::error&) { end(); });
    else
      end();
  }

  term system_pid(const caf::actor_addr& whom) override {
    auto known = caf::actor_cast<caf::actor>(whom);
    return known ? term{node_->processes.expose(known)} : parent_;
  }

  void system_reply(const term& to, const term& answer) override {
    auto message = outgoing_message{};
    if (auto whom = node_->processes.find(to))
      base::send_anonymous(whom, answer);
    else if (channel_ && (to.is<pid>() || to.is<erl::reference>()) && !save_term(message.to, to)
             && !save_term(message.content, answer))
      base::send_anonymous(channel_, std::move(message));
  }

private:
  void on_connect(const caf::actor& channel) {
    if (channel_ || !channel)
      return;
    limit_.dispose();
    channel_ = channel;
    channel_pid_ = node_->processes.expose(channel);
    monitor(channel); // an exit reason `kill` from a link cannot be caught
  }

  void on_down(const caf::down_msg& x) {
    if (channel_ && x.source == channel_.address())
      fail("{peer_channel_terminated," + reason_text(x.reason) + "}");
  }

  void fail(std::string cause) {
    cause_ = std::move(cause);
    quit(peer::fail(errc::noproc, cause_));
  }

  std::shared_ptr<node_state> node_;
  term parent_; ///< not a process: the node itself
  caf::actor channel_;
  term channel_pid_ = atom{"undefined"};
  bool in_sup_tree_;
  std::function<void(const std::string&)> end_;
  caf::disposable limit_; ///< limits the time until the channel connects
  std::string cause_;
};

} // namespace

peer_supervision_actor start_supervision(caf::actor_system& sys, loop::habitat where, std::shared_ptr<node_state> node,
                                         bool in_sup_tree, std::function<void(const std::string&)> end) {
  auto result = caf::actor_cast<peer_supervision_actor>(
      loop::spawn_pinned<peer_supervision>(sys, std::move(where), node, in_sup_tree, std::move(end)));
  node->processes.add(registered_name, caf::actor_cast<caf::actor>(result));
  return result;
}

term supervision_child_spec(bool is_peer) {
  if (!is_peer)
    return atom{"none"};
  auto start = erl::tuple{atom{"peer"}, atom{"start_supervision"}, erl::list{}};
  return tagged("ok", erl::map{{atom{"id"}, atom{registered_name}},
                               {atom{"start"}, start},
                               {atom{"restart"}, atom{"permanent"}},
                               {atom{"shutdown"}, 1000},
                               {atom{"type"}, atom{"worker"}},
                               {atom{"modules"}, erl::list{atom{"peer"}}}});
}

} // namespace peer::internal::node
