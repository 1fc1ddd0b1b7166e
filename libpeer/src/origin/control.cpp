// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/control.hpp"

#include "base/caf_compat.hpp"
#include "base/callback.hpp"
#include "console/group_leader.hpp"
#include "origin/alarm.hpp"
#include "origin/command_line.hpp"
#include "origin/end_error.hpp"
#include "origin/exchange.hpp"
#include "origin/heartbeat_monitor.hpp"
#include "origin/introspection.hpp"
#include "origin/lifecycle.hpp"
#include "origin/metrics.hpp"
#include "origin/waiters.hpp"
#include "peer/convert.hpp"
#include "sys/messages.hpp"
#include "sys/with_sys.hpp"

#include "caf/all.hpp"

#include <optional>
#include <utility>

namespace peer::internal::origin {

namespace {

/// The interface, and a message of the actor to itself: evidence of the peer's end has been recorded.
using control_self = control_actor::extend_with<sys::sys_self>::extend<caf::result<void>(base::poke_atom)>;

/// How a peer is stopped on request.
enum class stop_mode : std::uint8_t {
  by_options, ///< in the steps that the option `shutdown` names
  at_once,    ///< with SIGKILL
};

class control final : public sys::with_sys<loop::pinned<control_self::base>>,
                      private incarnation::listener,
                      private console::group_leader::owner,
                      private exchange::owner {
public:
  // -- constructors, destructors ---

  control(caf::actor_config& cfg, loop::habitat place, launcher launch, start_options options,
          caf::strong_actor_ptr parent, end_observer ended)
      : with_sys(cfg, std::move(place)),
        options_(std::move(options)),
        launch_(std::move(launch)),
        ended_(std::move(ended)),
        parent_(parent ? caf::actor_cast<caf::actor_addr>(parent) : caf::actor_addr{}),
        metrics_(system()),
        life_(options_.wait_boot),
        leader_(*this),
        exchange_(*this, options_, life_, leader_, metrics_, *this),
        heartbeat_(*this, options_.heartbeat, exchange_, life_, [this] { obey(life_.on_hung(*options_.heartbeat)); }),
        waiters_(options_.wait_boot, address()),
        timer_(*this, [this] { obey(life_.on_timer(incarnation_ && incarnation_->has_written())); }) {
    take_policies();
    if (parent)
      link_to(parent);
  }

  // -- caf::local_actor ---

  const char* name() const override { return "peer.control"; }

  behavior_type make_behavior() override {
    set_exit_handler([this](caf::exit_msg& msg) { on_exit_message(msg); });
    set_default_handler([](caf::scheduled_actor*, caf::message&) -> caf::skippable_result {
      return caf::message{}; // stray messages are dropped
    });
    set_error_handler([](caf::error&) {}); // and so are errors that no request waits for
    also_when_suspended([this](stop_atom) { return on_stop_when_suspended(stop_mode::by_options); },
                        [this](kill_atom) { return on_stop_when_suspended(stop_mode::at_once); });
    if (!std::holds_alternative<caf::timespan>(options_.wait_boot))
      boot(); // otherwise the first waiting request starts the boot, and so cannot miss its end
    return with_system_messages([this](call_request& request) { return on_call(request); },
                                [this](cast_request& request) { return sent(exchange_.cast(request)); },
                                [this](send_request& request) { return sent(exchange_.send(std::move(request))); },
                                [this](await_boot_atom) { return on_await_boot(); },                         //
                                [this](await_ready_atom) { return on_await_ready(); },                       //
                                [this](get_state_atom) { return status(); },                                 //
                                [this](expose_atom, const caf::actor& whom) { return expose(whom); },        //
                                [this](unexpose_atom, const caf::actor& whom) { exchange_.unexpose(whom); }, //
                                [this](stop_atom) { return on_stop(stop_mode::by_options); },                //
                                [this](kill_atom) { return on_stop(stop_mode::at_once); },                   //
                                [this](base::poke_atom) { follow_evidence(); });
  }

  void on_exit() override {
    timer_.cancel();
    heartbeat_.stop();
    leader_.finish();
    if (!life_.reason())
      abandon();
    incarnation_.reset();
    keep_alive_ = nullptr;
    metrics_.leave();
    pinned::on_exit();
  }

private:
  // -- sys_callbacks ---

  term system_get_state() override {
    return describe(control_state{options_, arguments_, status(), life_.reached(), exchange_.outstanding()});
  }

  caf::error system_replace_state(const term& wanted) override {
    auto failed = change_policies(options_, system_get_state(), wanted);
    take_policies();
    return failed;
  }

  void system_terminate(caf::error reason) override {
    resume_system(); // to see the peer's end
    stop_or_quit(std::move(reason));
  }

  /// Data from the peer waits with the messages.
  void system_suspend(bool suspended) override {
    if (!incarnation_)
      return;
    incarnation_->connection().pause(suspended);
    leader_.suspend(suspended);
    suspended ? heartbeat_.stop() : heartbeat_.start();
  }

  caf::actor_addr system_parent() const override { return parent_; }

  term system_pid(const caf::actor_addr& whom) override {
    auto actor = caf::actor_cast<caf::actor>(whom);
    auto id = actor ? exchange_.expose(actor) : caf::expected<pid>{caf::error{}};
    return id ? term{std::move(*id)} : term{atom{"undefined"}};
  }

  void system_reply(const term& to, const term& answer) override { exchange_.send_term(to, answer); }

  void take_policies() {
    auto chosen = !std::holds_alternative<shutdown_default>(options_.shutdown);
    life_.set_shutdown(chosen_shutdown(options_), chosen);
  }

  // -- start ---

  /// Starts the peer unless it has been started.
  void boot() {
    if (keep_alive_)
      return;
    keep_alive_ = caf::strong_actor_ptr{ctrl()}; // a peer needs no handle to live
    metrics_.starts();
    obey(life_.on_opening());
    if (auto opened = leader_.open(options_.output, options_.input, display_name(options_), where().loop))
      start(*opened);
  }

  /// Starts the process, unless its output could not be opened.
  void start(const caf::error& not_opened) {
    if (life_.down()) // it was stopped before
      return;
    if (not_opened)
      return obey(life_.on_not_started(not_opened));
    auto started = launch_peer();
    if (!started)
      return obey(life_.on_not_started(started.error()));
    incarnation_ = std::move(*started);
    leader_.attach([this](bool paused) { incarnation_->pause_console(paused); });
    exchange_.open(incarnation_->connection());
    arguments_ = incarnation_->arguments();
    obey(life_.on_spawned());
  }

  /// The only callback of the program that a launch calls is `post_process_args`.
  caf::expected<std::unique_ptr<incarnation>> launch_peer() {
    auto result = caf::expected<std::unique_ptr<incarnation>>{caf::error{}};
    if (auto why = base::callback_failure([&] { result = launch_(options_, *this); }))
      return peer::fail(errc::callback_failed, "the option 'post_process_args' failed: " + *why);
    return result;
  }

  // -- requests ---

  caf::result<encoded_term> on_call(call_request& request) {
    exchange_.call(request, make_response_promise<encoded_term>());
    return caf::delegated<encoded_term>{};
  }

  /// The result of a cast or a message. A sender that asked for it gets the error; for any other one an error would be
  /// an unexpected message, which ends an actor.
  caf::result<void> sent(const caf::error& failed) {
    if (!failed)
      return caf::unit;
    exchange_.note_dropped(failed);
    if (current_message_id().is_request())
      return failed;
    return caf::unit;
  }

  caf::result<peer_status> on_await_boot() {
    if (life_.reason())
      return life_.reason();
    if (life_.started())
      return status();
    auto promise = make_response_promise<peer_status>();
    waiters_.for_boot(promise);
    boot();
    return promise;
  }

  caf::result<void> on_await_ready() {
    if (life_.reason())
      return life_.reason();
    if (waiters_.ready())
      return caf::unit;
    auto promise = make_response_promise<void>();
    waiters_.for_ready(promise);
    boot();
    return promise;
  }

  caf::result<term> expose(const caf::actor& whom) {
    auto id = exchange_.expose(whom);
    if (!id)
      return std::move(id.error());
    return term{std::move(*id)};
  }

  peer_status status() const {
    auto result = peer_status{life_.state(), node_, life_.reason(), {}, limits_off_};
    if (incarnation_ && incarnation_->process_id() != 0)
      result.process_id = incarnation_->process_id();
    return result;
  }

  caf::result<stop_report> on_stop(stop_mode how) {
    if (life_.reason()) { // `peer_down::continue_`: the peer ended before
      quit(caf::exit_reason::normal);
      return life_.report();
    }
    auto promise = make_response_promise<stop_report>();
    waiters_.for_end(promise);
    obey(how == stop_mode::at_once ? life_.on_kill() : life_.on_stop(chosen_shutdown(options_)));
    return promise;
  }

  /// OTP's `stop` is a system message, and so takes effect at once.
  caf::result<stop_report> on_stop_when_suspended(stop_mode how) {
    resume_system();
    return on_stop(how);
  }

  // -- the end of the peer ---

  /// The parent's end stops the peer in any case, that of another actor only if it has a reason.
  void on_exit_message(caf::exit_msg& msg) {
    auto from_parent = parent_ && msg.source == parent_;
    if (msg.reason || from_parent)
      stop_or_quit(std::move(msg.reason));
  }

  /// Exits with that reason, after the peer has ended.
  void stop_or_quit(caf::error reason) {
    if (life_.reason())
      quit(std::move(reason));
    else
      obey(life_.on_stop(chosen_shutdown(options_), std::move(reason)));
  }

  void obey(const orders& what) {
    if (incarnation_)
      carry_out(what, *incarnation_);
    if (what.fail_calls)
      exchange_.fail_calls(end_error(options_, life_, incarnation_.get(), {}));
    if (what.timer)
      timer_.set_after(*what.timer);
    if (what.finished)
      end();
  }

  /// Processes what callbacks of the incarnation have recorded, outside of them.
  void follow_evidence() {
    if (auto opened = std::exchange(opened_, std::nullopt))
      start(*opened);
    if (start_failure_)
      obey(life_.on_not_started(std::exchange(start_failure_, {})));
    obey(life_.next());
    exchange_.fail_doubtful();
  }

  void poke() { send_anonymous(caf::actor_cast<control_self>(this), base::poke_atom_v); }

  /// The one terminal event: all requests are answered, then the options decide whether the actor exits.
  void end() {
    life_.conclude(end_error(options_, life_, incarnation_.get(), leader_.take_last_words()));
    metrics_.ends(life_.first());
    metrics_.enters(peer_state::down);
    timer_.cancel();
    heartbeat_.stop();
    leader_.finish();
    exchange_.close(life_.reason());
    incarnation_.reset(); // removes the peer's cgroup: after the answer to `stop`, the directory above may be removed
    if (ended_)
      ended_(life_.report());
    waiters_.on_end(life_.reason(), life_.report());
    if (auto reason = life_.exit_reason(options_))
      quit(std::move(*reason));
  }

  /// This actor was killed, and the peer with it.
  void abandon() {
    metrics_.ends(evidence::request);
    auto why = fail(errc::noproc, "the peer's control actor was killed");
    exchange_.close(why);
    waiters_.on_killed(why);
  }

  // -- incarnation::listener ---

  void on_frame(const_byte_span payload) override {
    if (suspended())
      return put_off(payload, &control::on_frame);
    exchange_.on_frame(payload);
  }

  void on_text(const_byte_span text) override {
    if (suspended())
      return put_off(text, &control::on_text);
    if (exchange_.check_lost_frames())
      poke();
    leader_.text(stream::standard_output, text);
  }

  void on_stderr(const_byte_span text) override {
    if (suspended())
      return put_off(text, &control::on_stderr);
    leader_.text(stream::standard_error, text);
  }

  /// Queues data that was read before the actor was suspended, or because the process ends.
  void put_off(const_byte_span bytes, void (control::*handler)(const_byte_span)) {
    when_running([this, copy = byte_buffer{bytes.begin(), bytes.end()}, handler] {
      if (incarnation_)
        (this->*handler)(copy);
    });
  }

  void on_spawned() override { limits_off_ = incarnation_->limits_off(); }

  void on_not_spawned(caf::error why) override {
    start_failure_ = std::move(why);
    poke();
  }

  void on_connected() override { life_.on_connected(); }

  void on_readable() override { exchange_.count_traffic(); }

  void on_written() override { exchange_.count_traffic(); }

  void on_closed(caf::error why) override {
    if (suspended())
      return when_running([this, why = std::move(why)]() mutable { on_closed(std::move(why)); });
    if (life_.on_closed(std::move(why)))
      poke();
  }

  void on_exit(const exit_status& status, const std::vector<survivor>& survivors) override {
    life_.on_exit(status, survivors);
    poke();
  }

  // -- exchange::owner ---

  void on_started(const atom& node) override {
    if (life_.started())
      return;
    obey(life_.on_started());
    if (!life_.started())
      return;
    metrics_.enters(peer_state::running);
    node_ = node;
    exchange_.name_node(node);
    waiters_.on_started(status());
    heartbeat_.start();
  }

  void on_violation(caf::error why) override { on_closed(std::move(why)); }

  // -- console::group_leader::owner ---

  void evaluate(const atom& module, const atom& function, const term& arguments, console::evaluated then) override {
    exchange_.evaluate(module, function, arguments, std::move(then));
  }

  void on_io_reply(const wire::io_reply& reply) override { exchange_.answer(reply); }

  void on_opened(caf::error failed) override {
    opened_ = std::move(failed);
    poke();
  }

  void on_output_failed(const caf::error& why, bool first) override {
    metrics_.output_failed();
    if (first && where().loop)
      console::complain(where().loop, "'" + display_name(options_) + "': " + text_of(why));
  }

  void on_ready() override { waiters_.on_ready(); }

  // -- member variables ---

  start_options options_;
  launcher launch_;
  end_observer ended_;
  caf::actor_addr parent_;           ///< the actor of `start_link`
  caf::strong_actor_ptr keep_alive_; ///< this actor, from `boot` until it exits
  metrics metrics_;                  ///< before `exchange_`, whose calls count there
  lifecycle life_;
  std::vector<std::string> arguments_;       ///< what the program was started with
  caf::error start_failure_;                 ///< why the process could not be started
  std::vector<std::string> limits_off_;      ///< what cannot be limited
  std::unique_ptr<incarnation> incarnation_; ///< null before and after the peer's life
  console::group_leader leader_;
  exchange exchange_;
  heartbeat_monitor heartbeat_;
  atom node_;
  std::optional<caf::error> opened_; ///< the result of opening the output, until it is followed
  waiters waiters_;
  alarm timer_; ///< of `life_`
};

} // namespace

control_actor spawn_control(caf::actor_system& sys, loop::habitat where, launcher launch, start_options options,
                            caf::strong_actor_ptr parent, end_observer ended) {
  return loop::spawn_pinned<control>(sys, std::move(where), std::move(launch), std::move(options), std::move(parent),
                                     std::move(ended));
}

} // namespace peer::internal::origin
