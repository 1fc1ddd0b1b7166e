// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "supervisor/child_actor.hpp"

#include "base/caf_compat.hpp"
#include "base/callback.hpp"
#include "console/chardata.hpp"
#include "origin/cast_window.hpp"
#include "origin/command_line.hpp"
#include "origin/control.hpp"
#include "peer/convert.hpp"
#include "peer/failure.hpp"
#include "supervisor/messages.hpp"
#include "supervisor/supervisor_actor.hpp"
#include "supervisor/waiting_calls.hpp"
#include "term/convert/message_elements.hpp"
#include "term/text/print.hpp"

#include "caf/all.hpp"

#include <functional>
#include <memory>
#include <utility>

namespace peer::internal::supervisor {

namespace {

template <class... Ts>
struct overload : Ts... {
  using Ts::operator()...;
};

template <class... Ts>
overload(Ts...) -> overload<Ts...>; // clang 14 does not deduce the arguments of an aggregate

caf::error child_error(errc code, const std::string& path, const std::string& what) {
  return caf::make_error(code, "child '" + path + "' " + what);
}

/// Converts a term to an argument of a program: text unchanged, any other term in Erlang's syntax.
std::string argument_text(const term& x) {
  auto text = console::flatten_chardata(x, console::encoding::unicode);
  return text ? std::move(*text) : to_string(x);
}

class child_impl final : public loop::pinned<supervised_actor::base> {
public:
  // -- constructors, destructors ---

  child_impl(caf::actor_config& cfg, loop::habitat place, tree_context_ptr tree, caf::strong_actor_ptr supervisor,
             std::string path, child_spec spec)
      : pinned(cfg, std::move(place)),
        tree_(std::move(tree)),
        supervisor_(caf::actor_cast<caf::actor_addr>(supervisor)),
        id_(spec.id),
        path_(std::move(path)),
        spec_(std::move(spec)) {
    monitor(supervisor); // no link: an exit reason `kill` from a link cannot be caught
  }

  // -- caf::local_actor ---

  const char* name() const override { return "peer.child"; }

  /// Called by any thread.
  const std::shared_ptr<origin::cast_window>& window() const noexcept { return window_; }

  behavior_type make_behavior() override {
    tree_->actors.insert(address());
    waiting_.limit(spec_.max_waiting);
    set_exit_handler([](caf::exit_msg&) {}); // only its supervisor may end it
    set_down_handler([this](caf::down_msg& msg) { on_down(msg); });
    set_error_handler([](caf::error&) {}); // stray errors are dropped, as are messages
    set_default_handler(refuse_strays);
    return {
        [this](call_request& x) -> caf::result<encoded_term> { return on_call(x); },
        [this](patient_call& x) -> caf::result<encoded_term> { return on_patient_call(x); },
        [this](cast_request& x) -> caf::result<void> { return on_cast(x); },
        [this](send_request& x) -> caf::result<void> { return on_send(x); },
        [this](get_state_atom) -> caf::result<child_info> { return ask_supervisor(); },
        [this](ready_atom, std::uint64_t generation) { on_said_ready(generation); },
        [this](start_order& x) { start(x); },
        [this](stop_atom, std::uint64_t generation) { stop(generation); },
        [this](base::forget_atom) { quit(); },
        [this](find_child_atom, std::string& path) { return pass_down<child_info>(find_child_atom_v, path); },
        [this](find_supervisor_atom, std::string& path) { return pass_down<caf::actor>(find_supervisor_atom_v, path); },
    };
  }

  void on_exit() override {
    waiting_.fail_all(child_error(errc::noproc, path_, "is no longer supervised"));
    release();
    tree_->actors.erase(address());
    pinned::on_exit();
  }

private:
  enum class stage {
    idle,     ///< Nothing runs.
    starting, ///< It boots.
    started,  ///< It is not ready yet.
    up,
    failing, ///< Its end will be reported as `start_failed`.
    stopping ///< Its end will be reported as `stopped`.
  };

  // -- start ---

  void start(start_order& order) {
    generation_ = order.generation;
    spec_ = std::move(order.spec);
    waiting_.limit(spec_.max_waiting);
    stage_ = stage::starting;
    failure_ = {};
    end_ = {};
    auto failed = std::visit(overload{[&](actor_factory& make) { return start_actor(make, order.arguments); },
                                      [&](start_options& options) { return start_peer(options, order.arguments); },
                                      [&](supervisor_spec& tree) { return start_supervisor(tree); }},
                             spec_.start);
    if (failed) {
      stage_ = stage::idle;
      notify(notice_kind::start_failed, std::move(failed));
    }
  }

  caf::error start_actor(const actor_factory& make, const std::vector<term>& arguments) {
    auto made = make_actor(make, arguments);
    if (!made)
      return std::move(made.error());
    if (!*made) {
      stage_ = stage::idle;
      notify(notice_kind::ignored);
      return {};
    }
    if (tree_->actors.contains((*made)->address()))
      return child_error(errc::invalid_option, path_, "must not be an actor that is already in this tree");
    adopt(std::move(*made));
    on_started({});
    return {};
  }

  caf::expected<caf::actor> make_actor(const actor_factory& make, const std::vector<term>& arguments) {
    auto result = caf::expected<caf::actor>{caf::error{}};
    auto why = base::callback_failure([&] {
      result = make({home_system(), caf::actor_cast<caf::actor>(this), generation_, arguments});
    });
    if (why)
      return child_error(errc::callback_failed, path_, "could not be made: " + *why);
    return result;
  }

  caf::error start_peer(start_options options, const std::vector<term>& arguments) {
    options.peer_down = peer_down::crash; // so that the exit reason describes the end
    for (auto& argument : arguments)
      options.args.push_back(argument_text(argument));
    auto control = origin::spawn_control(home_system(), tree_->where, tree_->launch, std::move(options));
    adopt(caf::actor_cast<caf::actor>(control));
    request(control, caf::infinite, await_boot_atom_v)
        .then([this, generation = generation_](peer_status& status) { on_started_if(generation, std::move(status)); },
              [this, generation = generation_](caf::error& why) { fail_start(generation, std::move(why)); });
    return {};
  }

  caf::error start_supervisor(const supervisor_spec& tree) {
    auto made = spawn_supervisor(home_system(), tree_, tree, path_);
    adopt(caf::actor_cast<caf::actor>(made));
    request(made, caf::infinite, await_boot_atom_v)
        .then([this, generation = generation_] { on_started_if(generation, {}); },
              [this, generation = generation_](caf::error& why) { fail_start(generation, std::move(why)); });
    return {};
  }

  void adopt(caf::actor what) {
    target_ = std::move(what);
    tree_->actors.insert(target_->address());
    monitor(target_);
  }

  void on_started_if(std::uint64_t generation, peer_status status) {
    if (generation == generation_ && stage_ == stage::starting)
      on_started(std::move(status));
  }

  void on_started(peer_status status) {
    stage_ = stage::started;
    auto notice = make_notice(notice_kind::started);
    notice.process_id = status.process_id;
    notice.limits_off = std::move(status.limits_off);
    send_notice(std::move(notice));
    std::visit(overload{[this](std::monostate) { on_ready(); }, [this](says_ready& x) { wait_for_word(x); },
                        [this](ready_probe& x) {
                          limit_readiness(x.within);
                          probe();
                        }},
               spec_.ready);
  }

  // -- readiness ---

  void limit_readiness(caf::timespan limit) {
    if (limit == caf::infinite)
      return;
    timer_.dispose();
    timer_ = run_delayed(limit, [this, limit] {
      fail_start(generation_, child_error(errc::timeout, path_,
                                          "did not become ready within " + caf::deep_to_string(limit)
                                              + (probe_failure_.empty() ? "" : ": " + probe_failure_)));
    });
  }

  void wait_for_word(const says_ready& rule) {
    limit_readiness(rule.within);
    if (!is_peer())
      return; // the actor sends `ready_atom`
    request(caf::actor_cast<control_actor>(target_), caf::infinite, await_ready_atom_v)
        .then([this, generation = generation_] { on_ready_if(generation); },
              [](caf::error&) {}); // its end is reported by its exit
  }

  void on_said_ready(std::uint64_t generation) {
    if (std::holds_alternative<says_ready>(spec_.ready) && !is_peer())
      on_ready_if(generation);
  }

  void probe() {
    auto& rule = std::get<ready_probe>(spec_.ready);
    auto arguments = byte_buffer{};
    if (auto err = save_term(arguments, term{erl::list{rule.arguments}}))
      return fail_start(generation_, std::move(err));
    auto& limit = rule.within;
    request(as_control(), caf::infinite, call_request{rule.module, rule.function, std::move(arguments), limit})
        .then([this, generation = generation_](encoded_term& x) { on_probed(generation, x.as<term>()); },
              [this, generation = generation_](caf::error& why) { on_probed(generation, std::move(why)); });
  }

  void on_probed(std::uint64_t generation, caf::expected<term> result) {
    if (generation != generation_ || stage_ != stage::started)
      return;
    auto& rule = std::get<ready_probe>(spec_.ready);
    auto good = result && (!rule.expected || *rule.expected == *result);
    if (good)
      return on_ready();
    probe_failure_ = rule.module + ":" + rule.function + " "
                   + (result ? "returned " + text::print_limited(*result) : "failed: " + describe(result.error()));
    probe_timer_ = run_delayed(rule.interval, [this, generation] {
      if (generation == generation_ && stage_ == stage::started)
        probe();
    });
  }

  void on_ready_if(std::uint64_t generation) {
    if (generation == generation_ && stage_ == stage::started)
      on_ready();
  }

  void on_ready() {
    dispose_timers();
    stage_ = stage::up;
    notify(notice_kind::ready);
    for (auto& call : waiting_.take_all())
      pass_on(std::move(call));
  }

  // -- ends ---

  /// The start has failed: stops what has been started.
  void fail_start(std::uint64_t generation, caf::error why) {
    if (generation != generation_ || (stage_ != stage::starting && stage_ != stage::started))
      return;
    dispose_timers();
    stage_ = stage::failing;
    failure_ = std::move(why);
    kill_target();
  }

  void stop(std::uint64_t generation) {
    dispose_timers();
    if (stage_ == stage::idle) {
      generation_ = generation; // it may have been started by another actor, since killed
      return notify(notice_kind::stopped, end_);
    }
    auto failing = stage_ == stage::failing;
    stage_ = stage::stopping;
    if (failing)
      return;
    auto limit = shutdown_of(spec_);
    if (std::holds_alternative<brutal_kill>(limit))
      return kill_target();
    if (is_peer())
      base::send_anonymous(as_control(), stop_atom_v);
    else
      anon_send_exit(target_, caf::exit_reason::user_shutdown);
    if (auto time = std::get<caf::timespan>(limit); time != caf::infinite)
      timer_ = run_delayed(time, [this] {
        if (stage_ == stage::stopping)
          kill_target();
      });
  }

  /// The control actor of a peer ends after its process; any other actor ends at once.
  void kill_target() {
    if (is_peer())
      base::send_anonymous(as_control(), kill_atom_v);
    else
      anon_send_exit(target_, caf::exit_reason::kill);
  }

  void on_down(caf::down_msg& msg) {
    if (msg.source == supervisor_)
      return quit(std::move(msg.reason));
    if (!target_ || msg.source != target_->address())
      return;
    tree_->actors.erase(target_->address());
    target_ = nullptr;
    dispose_timers();
    end_ = std::move(msg.reason);
    switch (std::exchange(stage_, stage::idle)) {
    case stage::idle:
      return;
    case stage::starting:
    case stage::started:
      return notify(notice_kind::start_failed,
                    end_ ? end_ : child_error(errc::noproc, path_, "ended before it was ready"));
    case stage::failing:
      return notify(notice_kind::start_failed, std::move(failure_));
    case stage::up:
      return notify(notice_kind::exited, end_);
    case stage::stopping:
      return notify(notice_kind::stopped, end_);
    }
  }

  /// This actor or its supervisor was killed: nothing may be left behind.
  void release() {
    dispose_timers();
    if (!target_)
      return;
    tree_->actors.erase(target_->address());
    caf::anon_send_exit(std::exchange(target_, nullptr), caf::exit_reason::kill);
  }

  void dispose_timers() {
    timer_.dispose();
    probe_timer_.dispose();
    probe_failure_.clear();
  }

  // -- requests ---

  bool up() const noexcept { return stage_ == stage::up; }

  /// Control actors, and actors that accept the same requests.
  control_actor as_control() const { return caf::actor_cast<control_actor>(target_); }

  bool is_peer() const noexcept { return std::holds_alternative<start_options>(spec_.start); }

  caf::error is_down() const { return child_error(errc::noconnection, path_, "is down"); }

  caf::error is_over(std::uint64_t generation) const {
    return child_error(errc::noproc, path_, "is not generation " + std::to_string(generation) + " any more");
  }

  caf::result<encoded_term> on_call(call_request& x) {
    if (!up())
      return is_down();
    if (is_peer())
      return delegate(as_control(), std::move(x));
    auto promise = make_response_promise<encoded_term>();
    ask(std::move(x), promise, [promise](caf::error why) mutable { promise.deliver(std::move(why)); });
    return promise;
  }

  caf::result<encoded_term> on_patient_call(patient_call& x) {
    if (x.wait.count() <= 0 && !x.generation)
      return on_call(x.request);
    auto promise = make_response_promise<encoded_term>();
    auto deadline = x.wait == caf::infinite ? waiting_call::time_point::max() : clock().now() + x.wait;
    pass_on({std::move(x), promise, deadline, {}});
    return promise;
  }

  /// Calls the child, or waits until it is up. A call that was not delivered waits again.
  void pass_on(waiting_call x) {
    if (x.call.generation && (*x.call.generation != generation_ || stage_ == stage::idle))
      return x.answer.deliver(is_over(*x.call.generation));
    if (!up())
      return wait_for_it(std::move(x));
    auto request = x.call.request;
    auto answer = x.answer;
    ask(std::move(request), std::move(answer), [this, asked = generation_, x = std::move(x)](caf::error why) mutable {
      if (why != errc::noconnection || clock().now() >= x.deadline)
        x.answer.deliver(std::move(why));
      else if (up() && generation_ == asked) // its end will be reported next
        wait_for_it(std::move(x));
      else
        pass_on(std::move(x));
    });
  }

  void wait_for_it(waiting_call x) {
    auto left = x.deadline - clock().now();
    if (left.count() <= 0)
      return x.answer.deliver(is_down());
    if (waiting_.full())
      return x.answer.deliver(
          child_error(errc::overload, path_, "is down, and " + std::to_string(waiting_.size()) + " calls wait"));
    auto forever = x.deadline == waiting_call::time_point::max();
    auto number = waiting_.add(std::move(x));
    if (!forever)
      waiting_.set_timer(number, run_delayed(left, [this, number] { waiting_.fail(number, is_down()); }));
  }

  /// Sends a request to the child. Only control actors obey its time-out.
  void ask(call_request x, caf::typed_response_promise<encoded_term> answer,
           std::function<void(caf::error)> on_failure) {
    auto limit = is_peer() ? caf::timespan{caf::infinite} : x.timeout;
    auto what = x.module + ":" + x.function;
    request(as_control(), limit, std::move(x))
        .then([answer](encoded_term& result) mutable { answer.deliver(std::move(result)); },
              [this, what, on_failure = std::move(on_failure)](caf::error& why) {
                if (why == caf::sec::request_receiver_down) // the request was not delivered
                  on_failure(is_down());
                else if (why == caf::sec::request_timeout)
                  on_failure(child_error(errc::timeout, path_, "did not answer the call of " + what + " in time"));
                else
                  on_failure(std::move(why));
              });
  }

  caf::result<void> on_cast(cast_request& x) {
    if (!up())
      return dropped();
    return delegate(as_control(), std::move(x));
  }

  caf::result<void> on_send(send_request& x) {
    if (!up())
      return dropped();
    if (is_peer())
      return delegate(as_control(), std::move(x));
    auto content = convert::load_message(x.content);
    if (!content)
      return unless_anonymous(std::move(content.error()));
    base::send_anonymous(target_, std::move(*content));
    return caf::unit;
  }

  caf::result<void> dropped() { return unless_anonymous(is_down()); }

  /// An error without a request would end its receiver.
  caf::result<void> unless_anonymous(caf::error why) {
    if (current_message_id().is_request())
      return why;
    return caf::unit;
  }

  caf::result<child_info> ask_supervisor() {
    auto supervisor = caf::actor_cast<supervisor_actor>(supervisor_);
    if (!supervisor)
      return child_error(errc::noproc, path_, "is no longer supervised");
    return delegate(supervisor, find_child_atom_v, id_);
  }

  /// Sends a request to this child, which must be a supervisor.
  template <class Result, class Atom>
  caf::result<Result> pass_down(Atom what, std::string& path) {
    if (!std::holds_alternative<supervisor_spec>(spec_.start))
      return child_error(errc::not_found, path_, "is not a supervisor");
    if (!target_)
      return is_down();
    return delegate(caf::actor_cast<supervisor_actor>(target_), what, std::move(path));
  }

  // -- notices ---

  child_notice make_notice(notice_kind kind, caf::error reason = {}) const {
    return {.id = id_, .generation = generation_, .kind = kind, .reason = std::move(reason)};
  }

  void notify(notice_kind kind, caf::error reason = {}) {
    if (kind != notice_kind::ready)
      waiting_.end_generation(generation_, is_over(generation_));
    send_notice(make_notice(kind, std::move(reason)));
  }

  void send_notice(child_notice what) {
    if (auto supervisor = caf::actor_cast<caf::actor>(supervisor_))
      base::send_anonymous(supervisor, std::move(what));
  }

  // -- member variables ---

  const std::shared_ptr<origin::cast_window> window_ = std::make_shared<origin::cast_window>();
  tree_context_ptr tree_;
  caf::actor_addr supervisor_;
  std::string id_;
  std::string path_;
  child_spec spec_;
  std::uint64_t generation_ = 0;
  stage stage_ = stage::idle;
  caf::actor target_;     ///< the running actor; null for none
  caf::error failure_;    ///< why the start failed
  caf::error end_;        ///< how the last generation ended
  caf::disposable timer_; ///< limits the time to become ready, or to stop
  caf::disposable probe_timer_;
  std::string probe_failure_; ///< of the last probe
  waiting_calls waiting_;
};

} // namespace

supervised_actor spawn_child(caf::actor_system& sys, tree_context_ptr tree, caf::strong_actor_ptr supervisor,
                             std::string path, child_spec spec) {
  auto where = tree->where;
  return loop::spawn_pinned<child_impl>(sys, std::move(where), std::move(tree), std::move(supervisor), std::move(path),
                                        std::move(spec));
}

std::shared_ptr<origin::cast_window> window_of(const child_actor& child) {
  if (auto local = dynamic_cast<child_impl*>(caf::actor_cast<caf::abstract_actor*>(child)))
    return local->window();
  return std::make_shared<origin::cast_window>();
}

std::string kind_of(const child_spec& spec) {
  if (auto options = std::get_if<start_options>(&spec.start)) {
    auto program = origin::chosen_program(*options).program;
    return program == "erl" || program.ends_with("/erl") ? "erlang" : "peer";
  }
  return std::holds_alternative<supervisor_spec>(spec.start) ? "supervisor" : "actor";
}

} // namespace peer::internal::supervisor
