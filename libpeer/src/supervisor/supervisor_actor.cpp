// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "supervisor/supervisor_actor.hpp"

#include "base/caf_compat.hpp"
#include "peer/failure.hpp"
#include "supervisor/child_actor.hpp"
#include "supervisor/messages.hpp"
#include "supervisor/metrics.hpp"
#include "supervisor/supervision.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <map>
#include <random>
#include <utility>

namespace peer::internal::supervisor {

namespace {

/// The interface, and the notices of children.
using supervisor_self = supervisor_actor::extend<caf::result<void>(child_notice)>;

class supervisor_impl final : public loop::pinned<supervisor_self::base>, private supervision::host {
public:
  // -- constructors, destructors ---

  supervisor_impl(caf::actor_config& cfg, loop::habitat place, tree_context_ptr tree, supervisor_spec spec,
                  std::string path, caf::strong_actor_ptr parent)
      : pinned(cfg, std::move(place)),
        tree_(std::move(tree)),
        path_(std::move(path)),
        parent_(parent ? caf::actor_cast<caf::actor_addr>(parent) : caf::actor_addr{}),
        metrics_(home_system()),
        rules_(*this, std::move(spec)) {
    if (parent)
      link_to(parent);
  }

  // -- caf::local_actor ---

  const char* name() const override { return "peer.supervisor"; }

  behavior_type make_behavior() override {
    keep_alive_ = caf::strong_actor_ptr{ctrl()}; // the tree lives without a handle
    tree_->actors.insert(address());
    set_exit_handler([this](caf::exit_msg& msg) { on_exit_message(msg); });
    set_down_handler([this](caf::down_msg& msg) { on_child_killed(msg); });
    set_error_handler([](caf::error&) {}); // stray errors are dropped, as are messages
    set_default_handler(refuse_strays);
    rules_.boot([this](const caf::error& failed) { on_booted(failed); });
    return {
        [this](await_boot_atom) { return on_await_boot(); },
        [this](start_child_atom, child_spec& spec) { return on_start_child(std::move(spec)); },
        [this](start_child_atom, std::vector<term>& arguments) { return on_start_child(std::move(arguments)); },
        [this](terminate_child_atom, std::string& id) { return on_terminate_child(std::move(id)); },
        [this](restart_child_atom, std::string& id) { return on_restart_child(std::move(id)); },
        [this](delete_child_atom, std::string& id) { return on_delete_child(std::move(id)); },
        [this](which_children_atom) { return which_children(); },
        [this](count_children_atom) { return count_children(); },
        [this](get_childspec_atom, const std::string& id) { return get_childspec(id); },
        [this](find_child_atom, const std::string& path) { return find_child(path); },
        [this](find_supervisor_atom, const std::string& path) { return find_supervisor(path); },
        [this](apply_atom, supervisor_spec& spec) { return on_apply(std::move(spec)); },
        [this](subscribe_atom, const caf::actor& whom) { tree_->subscribers.insert(whom->address()); },
        [this](unsubscribe_atom, const caf::actor& whom) { tree_->subscribers.erase(whom->address()); },
        [this](stop_atom) { return on_stop(); },
        [this](child_notice& what) { on_notice(what); },
    };
  }

  void on_exit() override {
    if (!finished_) {
      auto killed = fail(errc::noproc, "supervisor '" + path_ + "' was killed");
      rules_.abandon(killed);
      for (auto& promise : std::exchange(boot_waiters_, {}))
        promise.deliver(killed);
      for (auto& promise : std::exchange(stop_waiters_, {}))
        promise.deliver(killed);
    }
    tree_->actors.erase(address());
    keep_alive_ = nullptr;
    pinned::on_exit();
  }

private:
  /// Data of a child besides its record.
  struct child_facts {
    supervised_actor actor;
    std::optional<std::int64_t> process_id;
    std::vector<std::string> limits_off;
    caf::timestamp since;
  };

  // -- supervision::host ---

  void start(const child_record& child) override {
    auto& facts = facts_of(child);
    facts.since = caf::make_timestamp();
    facts.process_id.reset();
    facts.limits_off.clear();
    send_anonymous(facts.actor, start_order{child.generation, child.spec, child.arguments});
  }

  void stop(const child_record& child) override {
    if (auto facts = facts_.find(child.id); facts != facts_.end())
      send_anonymous(facts->second.actor, stop_atom_v, child.generation);
    else // its actor was killed, and the child with it
      rules_.on_stopped(child.id, child.generation, child.last_end);
  }

  void retry_after(const child_record& child, caf::timespan delay) override {
    run_delayed(delay, [this, id = child.id, retry = child.retry] { rules_.on_retry(id, retry); });
  }

  void forget(const child_record& child) override {
    auto node = facts_.extract(child.id);
    if (!node)
      return;
    demonitor(node.mapped().actor.address());
    send_anonymous(node.mapped().actor, base::forget_atom_v);
  }

  void report(const child_record& child, event_kind what, const error& why, caf::timespan delay) override {
    auto facts = facts_.find(child.id);
    auto event = supervisor_event{.kind = what,
                                  .path = path_of(child.id),
                                  .generation = child.generation,
                                  .reason = why,
                                  .delay = delay,
                                  .when = caf::make_timestamp()};
    if (facts != facts_.end())
      event.process_id = facts->second.process_id;
    metrics_.count(what);
    tree_->publish(event);
    auto ended = what == event_kind::exited || what == event_kind::stopped || what == event_kind::start_failed;
    if (facts != facts_.end() && ended)
      facts->second.process_id.reset();
  }

  void finished(error why) override {
    finished_ = true;
    quit(why);
    for (auto& promise : std::exchange(stop_waiters_, {}))
      promise.deliver();
  }

  supervision::time_point now() override { return clock().now(); }

  double random() override { return std::uniform_real_distribution<>{}(random_); }

  // -- children ---

  child_facts& facts_of(const child_record& child) {
    auto [i, added] = facts_.try_emplace(child.id);
    if (added) {
      i->second.actor = spawn_child(home_system(), tree_, caf::strong_actor_ptr{ctrl()}, path_of(child.id), child.spec);
      monitor(i->second.actor);
    }
    return i->second;
  }

  std::string path_of(const std::string& id) const { return path_.empty() ? id : path_ + "/" + id; }

  void on_notice(child_notice& what) {
    auto child = rules_.find(what.id);
    auto facts = facts_.find(what.id);
    if (child == nullptr || facts == facts_.end() || child->generation != what.generation)
      return; // deleted, or a generation that has been stopped
    switch (what.kind) {
    case notice_kind::started:
      facts->second.process_id = what.process_id;
      facts->second.limits_off = std::move(what.limits_off);
      if (child->state == child_state::starting)
        report(*child, event_kind::started, {}, {});
      return;
    case notice_kind::ready:
      return rules_.on_ready(what.id, what.generation);
    case notice_kind::ignored:
      return rules_.on_ignored(what.id, what.generation);
    case notice_kind::start_failed:
      return rules_.on_start_failed(what.id, what.generation, std::move(what.reason));
    case notice_kind::stopped:
      return rules_.on_stopped(what.id, what.generation, std::move(what.reason));
    case notice_kind::exited:
      return rules_.on_exit(what.id, what.generation, std::move(what.reason));
    }
  }

  /// The actor of a child was killed, and with it the child: replaces the actor.
  void on_child_killed(const caf::down_msg& msg) {
    auto i =
        std::find_if(facts_.begin(), facts_.end(), [&](auto& x) { return x.second.actor.address() == msg.source; });
    if (i == facts_.end())
      return;
    auto id = i->first;
    facts_.erase(i);
    auto child = rules_.find(id);
    if (child == nullptr)
      return;
    auto generation = child->generation;
    auto why = fail(errc::noproc, "the actor of child '" + path_of(id) + "' was killed");
    rules_.on_start_failed(id, generation, why);
    rules_.on_stopped(id, generation, why);
    rules_.on_exit(id, generation, why);
  }

  // -- requests ---

  caf::result<void> on_await_boot() {
    if (booted_)
      return boot_failure_ ? caf::result<void>{boot_failure_} : caf::result<void>{caf::unit};
    boot_waiters_.push_back(make_response_promise<void>());
    return boot_waiters_.back();
  }

  void on_booted(const caf::error& failed) {
    booted_ = true;
    boot_failure_ = failed;
    for (auto& promise : std::exchange(boot_waiters_, {}))
      answer(promise)(failed);
  }

  template <class What>
  caf::result<child_info> on_start_child(What what) {
    auto promise = make_response_promise<child_info>();
    rules_.start_child(std::move(what), [this, promise](caf::expected<std::string> id) mutable {
      if (!id)
        promise.deliver(std::move(id.error()));
      else
        promise.deliver(info_of(*id));
    });
    return promise;
  }

  /// Answers when a request has been carried out.
  supervision::done answer(caf::typed_response_promise<void> promise) {
    return [promise](const caf::error& failed) mutable {
      if (failed)
        promise.deliver(failed);
      else
        promise.deliver();
    };
  }

  caf::result<void> on_terminate_child(std::string id) {
    auto promise = make_response_promise<void>();
    rules_.terminate_child(std::move(id), answer(promise));
    return promise;
  }

  caf::result<child_info> on_restart_child(std::string id) {
    auto promise = make_response_promise<child_info>();
    rules_.restart_child(id, [this, id, promise](const caf::error& failed) mutable {
      if (failed)
        promise.deliver(failed);
      else
        promise.deliver(info_of(id));
    });
    return promise;
  }

  caf::result<void> on_delete_child(std::string id) {
    auto promise = make_response_promise<void>();
    rules_.delete_child(std::move(id), answer(promise));
    return promise;
  }

  caf::result<void> on_apply(supervisor_spec spec) {
    auto promise = make_response_promise<void>();
    rules_.apply(std::move(spec), answer(promise));
    return promise;
  }

  caf::result<void> on_stop() {
    auto promise = make_response_promise<void>();
    stop_waiters_.push_back(promise);
    rules_.shut_down({});
    return promise;
  }

  // -- properties ---

  child_info info_of(const std::string& id) {
    auto child = rules_.find(id);
    return child != nullptr ? info_of(*child) : child_info{.id = id, .path = path_of(id)};
  }

  child_info info_of(const child_record& child) {
    auto& facts = facts_of(child);
    return {.id = child.id,
            .path = path_of(child.id),
            .type = type_of(child.spec),
            .kind = kind_of(child.spec),
            .state = child.state,
            .generation = child.generation,
            .restarts = child.restarts,
            .process_id = facts.process_id,
            .since = facts.since,
            .last_end = child.last_end,
            .limits_off = facts.limits_off,
            .handle = caf::actor_cast<caf::actor>(facts.actor)};
  }

  std::vector<child_info> which_children() {
    auto result = std::vector<child_info>{};
    for (auto& child : rules_.children())
      result.push_back(info_of(child));
    return result;
  }

  child_counts count_children() const {
    auto result = child_counts{};
    for (auto& child : rules_.children()) {
      ++(type_of(child.spec) == child_type::worker ? result.workers : result.supervisors);
      if (child.state == child_state::running)
        ++result.active;
    }
    result.specs = rules_.pattern() != nullptr ? 1 : rules_.children().size();
    return result;
  }

  caf::result<child_spec> get_childspec(const std::string& id) const {
    if (auto child = rules_.find(id))
      return child->spec;
    if (auto pattern = rules_.pattern(); pattern != nullptr && pattern->id == id)
      return *pattern;
    return not_found(id);
  }

  caf::error not_found(const std::string& id) const {
    return fail(errc::not_found, "child '" + path_of(id) + "' is not known");
  }

  caf::result<child_info> find_child(const std::string& path) {
    auto slash = path.find('/');
    auto child = rules_.find(path.substr(0, slash));
    if (child == nullptr)
      return not_found(path);
    if (slash == std::string::npos)
      return info_of(*child);
    return delegate(facts_of(*child).actor, find_child_atom_v, path.substr(slash + 1));
  }

  caf::result<caf::actor> find_supervisor(const std::string& path) {
    if (path.empty())
      return caf::actor_cast<caf::actor>(this);
    auto slash = path.find('/');
    auto child = rules_.find(path.substr(0, slash));
    if (child == nullptr)
      return not_found(path);
    auto rest = slash == std::string::npos ? std::string{} : path.substr(slash + 1);
    return delegate(facts_of(*child).actor, find_supervisor_atom_v, std::move(rest));
  }

  // -- its end ---

  /// The parent's exit always stops it, that of another actor only if it has a reason.
  void on_exit_message(caf::exit_msg& msg) {
    auto from_parent = parent_ && msg.source == parent_;
    if (!msg.reason && !from_parent)
      return;
    rules_.shut_down(std::move(msg.reason));
  }

  // -- member variables ---

  tree_context_ptr tree_;
  std::string path_;
  caf::actor_addr parent_;
  caf::strong_actor_ptr keep_alive_; ///< this actor, until it exits
  supervisor_metrics metrics_;
  std::map<std::string, child_facts, std::less<>> facts_;
  std::minstd_rand random_{std::random_device{}()};
  std::vector<caf::typed_response_promise<void>> boot_waiters_;
  std::vector<caf::typed_response_promise<void>> stop_waiters_;
  bool booted_ = false;
  caf::error boot_failure_;
  bool finished_ = false;
  supervision rules_;
};

} // namespace

supervisor_actor spawn_supervisor(caf::actor_system& sys, tree_context_ptr tree, supervisor_spec spec, std::string path,
                                  caf::strong_actor_ptr parent) {
  auto where = tree->where;
  return loop::spawn_pinned<supervisor_impl>(sys, std::move(where), std::move(tree), std::move(spec), std::move(path),
                                             std::move(parent));
}

} // namespace peer::internal::supervisor
