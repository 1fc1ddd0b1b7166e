// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/control.hpp"
#include "sys/messages.hpp"
#include "term/convert/message_elements.hpp"

#include "base/caf_compat.hpp"
#include "origin/command_line.hpp"

#include "base/large_memory.hpp"
#include "origin/calls.hpp"
#include "origin/end_error.hpp"
#include "origin/exposed_actors.hpp"
#include "origin/group_leader.hpp"
#include "origin/introspection.hpp"
#include "origin/lifecycle.hpp"
#include "origin/metrics.hpp"
#include "origin/outbox.hpp"
#include "origin/pulse.hpp"
#include "origin/waiters.hpp"
#include "peer/convert.hpp"
#include "sys/with_sys.hpp"
#include "wire/message.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peer::internal::origin {

namespace {

/// The interface, and what the actor tells itself: that there are orders to carry out.
using control_self = control_actor::extend_with<sys::sys_self>::extend<caf::result<void>(base::poke_atom)>;

/// How a peer is stopped on request.
enum class stop_mode : std::uint8_t {
  by_options, ///< in the steps that the option `shutdown` names
  at_once,    ///< with SIGKILL
};

caf::timespan boot_limit(const wait_boot_option& option) {
  auto limit = std::get_if<caf::timespan>(&option);
  return limit ? *limit : caf::timespan{defaults::boot_limit};
}

class control final : public sys::with_sys<loop::pinned<control_self::base>>,
                      private incarnation::listener,
                      private group_leader::owner {
public:
  // -- constructors, destructors ---

  control(caf::actor_config& cfg, loop::habitat place, launcher launch, start_options options,
          caf::strong_actor_ptr parent)
      : with_sys(cfg, std::move(place)),
        options_(std::move(options)),
        launch_(std::move(launch)),
        parent_(parent ? caf::actor_cast<caf::actor_addr>(parent) : caf::actor_addr{}),
        metrics_(system()),
        life_(boot_limit(options_.wait_boot)),
        leader_(*this),
        calls_(options_.max_calls),
        outbox_(options_.queue_limit),
        waiters_(options_.wait_boot, address()) {
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
    set_error_handler([](caf::error&) {}); // and so are errors that nobody asked for
    also_when_suspended(
        [this](stop_atom) { // as OTP's `stop`, which is a system message
          resume_system();
          return on_stop(stop_mode::by_options);
        },
        [this](kill_atom) {
          resume_system();
          return on_stop(stop_mode::at_once);
        });
    if (!std::holds_alternative<caf::timespan>(options_.wait_boot))
      boot(); // else whoever waits makes it boot, and so cannot miss how that ends
    return with_system_messages(
        [this](call_request& request) { return on_call(request); },
        [this](cast_request& request) { return on_cast(request); },
        [this](send_request& request) { return on_send(request); }, [this](await_boot_atom) { return on_await_boot(); },
        [this](await_ready_atom) { return on_await_ready(); }, [this](get_state_atom) { return status(); },
        [this](expose_atom, const caf::actor& whom) { return expose(whom); },
        [this](stop_atom) { return on_stop(stop_mode::by_options); },
        [this](kill_atom) { return on_stop(stop_mode::at_once); }, [this](base::poke_atom) { follow_orders(); });
  }

  void on_exit() override {
    timer_.dispose();
    call_timer_.dispose();
    pulse_timer_.dispose();
    leader_.finish();
    if (!reason_)
      abandon();
    incarnation_.reset();
    keep_alive_ = nullptr;
    metrics_.leave();
    pinned::on_exit();
  }

private:
  // -- sys_callbacks ---

  term system_get_state() override {
    return describe(control_state{options_, arguments_, status(), life_.reached(), calls_});
  }

  caf::error system_replace_state(const term& wanted) override {
    return change_policies(options_, system_get_state(), wanted);
  }

  void system_terminate(caf::error reason) override {
    resume_system(); // to see the peer's end
    if (reason_)
      quit(std::move(reason));
    else
      stop_peer(std::move(reason));
  }

  /// What comes from the peer waits with the messages.
  void system_suspend(bool suspended) override {
    if (!incarnation_)
      return;
    incarnation_->connection().pause(suspended);
    leader_.suspend(suspended);
    suspended ? pulse_timer_.dispose() : start_heartbeat();
  }

  caf::actor_addr system_parent() const override { return parent_; }

  term system_pid(const caf::actor_addr& whom) override {
    auto actor = caf::actor_cast<caf::actor>(whom);
    return actor ? term{exposed_.add(actor)} : term{atom{"undefined"}};
  }

  void system_reply(const term& to, const term& answer) override {
    auto content = byte_buffer{};
    auto receiver = byte_buffer{};
    if (!connected() || save_term(receiver, to) || save_term(content, answer))
      return;
    static_cast<void>(incarnation_->connection().send(wire::message{receiver, content}));
  }

  // -- boot ---

  /// Starts the peer unless that has been done.
  void boot() {
    if (keep_alive_)
      return;
    keep_alive_ = caf::strong_actor_ptr{ctrl()}; // a peer needs no handle to live
    metrics_.starts();
    if (auto err = leader_.open(options_, where().loop))
      return fail_start(err);
    auto started = launch_(options_, *this);
    if (!started)
      return fail_start(started.error());
    incarnation_ = std::move(*started);
    leader_.attach(*incarnation_);
    arguments_ = incarnation_->arguments();
    limits_off_ = incarnation_->limits_off();
    obey(life_.on_spawned());
  }

  void fail_start(const caf::error& why) {
    auto first = stop_requested_ ? evidence::request : evidence::not_started;
    end(not_started_error(options_, first, why));
  }

  // -- requests ---

  caf::result<encoded_term> on_call(call_request& request) {
    if (auto err = check_call(request)) {
      metrics_.call_refused();
      return err;
    }
    auto waiter = pending_call{atom{std::move(request.module)}, atom{std::move(request.function)},
                               make_response_promise<encoded_term>(), metrics_};
    calls_.send(incarnation_->connection(), std::move(waiter), request.arguments, clock().now(), request.timeout);
    detail::keep_memory(std::move(request.arguments));
    count_traffic();
    watch_deadlines();
    return caf::delegated<encoded_term>{};
  }

  caf::error check_call(const call_request& request) const {
    if (auto err = check_names(request.module, request.function))
      return err;
    if (!connected())
      return no_connection();
    auto overload = outbox_.check_room(incarnation_->connection());
    return overload ? overload : calls_.check_room();
  }

  caf::result<void> on_cast(cast_request& request) {
    if (auto err = check_names(request.module, request.function))
      return sent(std::move(err));
    return sent(connected() ? outbox_.send(incarnation_->connection(), request) : caf::error{});
  }

  caf::result<void> on_send(send_request& request) {
    return sent(connected() ? outbox_.send(incarnation_->connection(), std::move(request)) : caf::error{});
  }

  /// Who sends a cast or a message without asking learns of a failure in the log only: an error that nobody expects
  /// ends an actor.
  caf::result<void> sent(caf::error failed) {
    count_traffic();
    if (!failed)
      return caf::unit;
    note_dropped(failed);
    if (current_message_id().is_request())
      return failed;
    return caf::unit;
  }

  caf::result<atom> on_await_boot() {
    if (reason_)
      return reason_;
    if (life_.started())
      return node_;
    auto promise = make_response_promise<atom>();
    waiters_.for_boot(promise);
    boot();
    return promise;
  }

  caf::result<void> on_await_ready() {
    if (reason_)
      return reason_;
    if (waiters_.ready())
      return caf::unit;
    auto promise = make_response_promise<void>();
    waiters_.for_ready(promise);
    boot();
    return promise;
  }

  peer_status status() const {
    auto result = peer_status{};
    result.node = node_;
    result.limits_off = limits_off_;
    if (reason_) {
      result.state = peer_state::down;
      result.reason = reason_;
    } else {
      result.state = life_.started() ? peer_state::running : peer_state::booting;
      if (incarnation_)
        result.process_id = incarnation_->process_id();
    }
    return result;
  }

  term expose(const caf::actor& whom) { return exposed_.add(whom); }

  caf::result<stop_report> on_stop(stop_mode how) {
    if (reason_) { // `continue`: the peer ended before
      quit(caf::exit_reason::normal);
      return report();
    }
    auto promise = make_response_promise<stop_report>();
    waiters_.for_end(promise);
    stop_peer({}, how);
    return promise;
  }

  // -- ending the peer ---

  /// @param then the reason to exit with after the peer has ended on request; no error for `normal`.
  void stop_peer(caf::error then, stop_mode how = stop_mode::by_options) {
    if (!stop_requested_)
      exit_reason_ = std::move(then);
    stop_requested_ = true;
    if (!incarnation_)
      return fail_start(caf::make_error(errc::boot_failed, std::string{"it was stopped before"}));
    obey(how == stop_mode::at_once ? life_.on_kill() : life_.on_stop(chosen_shutdown(options_)));
  }

  /// The parent's end stops the peer in any case; anybody else's and a stray message only if it is meant to.
  void on_exit_message(caf::exit_msg& msg) {
    auto from_parent = parent_ && msg.source == parent_;
    if (!msg.reason && !from_parent)
      return;
    if (reason_)
      return quit(std::move(msg.reason));
    stop_peer(std::move(msg.reason));
  }

  void obey(const orders& what) {
    if (what.ask_to_stop || what.close || what.to_process)
      incarnation_->note_descendants(); // each may end the peer
    if (what.ask_to_stop)
      ask_to_stop();
    if (what.close)
      incarnation_->close();
    if (what.signal != 0)
      incarnation_->signal(what.signal,
                           what.to_process ? process::signal_scope::process : process::signal_scope::group);
    if (what.timer)
      set_timer(*what.timer);
    if (what.finished)
      end(end_error(options_, life_, *incarnation_, leader_.take_last_words(), survivors_));
  }

  void ask_to_stop() {
    auto no_arguments = encode_arguments();
    static_cast<void>(incarnation_->connection().send(wire::cast{"init", "stop", *no_arguments}));
  }

  void set_timer(caf::timespan delay) {
    timer_.dispose();
    timer_ = {};
    if (delay != caf::infinite)
      timer_ = run_delayed(delay, [this] {
        if (exited_) // noticed while this actor was suspended
          follow_orders();
        else
          obey(life_.on_timer());
      });
  }

  /// What the callbacks of the incarnation noticed; it is told outside of them.
  void follow_orders() {
    if (life_.down())
      return;
    if (closed_)
      obey(life_.on_closed(*std::exchange(closed_, std::nullopt)));
    if (exited_ && !life_.down())
      obey(life_.on_exit(*std::exchange(exited_, std::nullopt)));
    if (connected())
      calls_.fail_doubtful();
  }

  void poke() { send_anonymous(caf::actor_cast<control_self>(this), base::poke_atom_v); }

  /// The one terminal event: everybody who waits is told, then the policy decides.
  void end(caf::error why) {
    reason_ = std::move(why);
    count_end();
    timer_.dispose();
    call_timer_.dispose();
    pulse_timer_.dispose();
    leader_.finish();
    calls_.fail_all(reason_, incarnation_ ? &incarnation_->connection() : nullptr);
    incarnation_.reset(); // with the peer's cgroup: whoever waits for the end may remove the directory that it was in
    waiters_.on_end(reason_, report());
    auto start_failed = !life_.started() && std::holds_alternative<caf::timespan>(options_.wait_boot);
    if (stop_requested_)
      quit(exit_reason_);
    else if (options_.peer_down == peer_down::crash)
      quit(reason_);
    else if (options_.peer_down == peer_down::stop || start_failed) // nobody got a handle: nothing may stay
      quit(caf::exit_reason::normal);
  }

  void count_traffic() {
    if (incarnation_)
      metrics_.traffic(incarnation_->connection());
  }

  void count_end() {
    metrics_.ends(failure_of(reason_)->first);
    metrics_.enters(peer_state::down);
    count_traffic();
    metrics_.drop_queue();
  }

  /// This actor was killed, and the peer with it: those who wait are told.
  void abandon() {
    metrics_.ends(evidence::request);
    reason_ = caf::make_error(errc::noproc, std::string{"the peer's control actor was killed"});
    calls_.fail_all(reason_, nullptr);
    waiters_.on_killed(reason_);
  }

  stop_report report() const { return {life_.last_step(), life_.status(), survivors_}; }

  // -- calls ---

  bool connected() const noexcept { return incarnation_ && !stream_ended_ && life_.connected(); }

  static caf::error no_connection() {
    return caf::make_error(errc::noconnection, std::string{"there is no connection to the peer"});
  }

  void watch_deadlines() {
    auto next = calls_.next_check();
    if (next >= call_timer_time_)
      return;
    call_timer_.dispose();
    call_timer_time_ = next;
    call_timer_ = run_scheduled(next, [this] {
      call_timer_time_ = calls::time_point::max();
      for (auto seq : calls_.expire(clock().now()))
        if (connected())
          outbox_.cancel(incarnation_->connection(), seq);
      watch_deadlines();
    });
  }

  // -- heartbeat ---

  /// Begins anew: what was before, the boot or a suspension, does not count.
  void start_heartbeat() {
    if (!options_.heartbeat || !life_.started())
      return;
    pulse_.emplace(*options_.heartbeat, clock().now());
    look_later();
  }

  void look_later() {
    pulse_timer_.dispose();
    pulse_timer_ = run_scheduled(pulse_->next_look(), [this] { look_at_pulse(); });
  }

  void look_at_pulse() {
    if (connected() && pulse_->asked())
      incarnation_->connection().drain(); // the answer may be there, and this program late
    if (!connected() || stop_requested_)
      return;
    auto& connection = incarnation_->connection();
    switch (pulse_->look(clock().now(), {connection.received(), connection.written(), connection.position()})) {
    case pulse::verdict::ask:
      evaluate(atom{"erlang"}, atom{"is_alive"}, erl::list{},
               [this](const caf::expected<term>&) { pulse_->answered(); });
      break;
    case pulse::verdict::hung:
      return obey(life_.on_hung(*options_.heartbeat));
    case pulse::verdict::wait:
      break;
    }
    look_later();
  }

  // -- incarnation::listener ---

  void on_frame(const_byte_span payload) override {
    if (suspended())
      return put_off(payload, &control::on_frame);
    if (stream_ended_)
      return;
    auto message = parser_.parse_to_origin(payload);
    if (message)
      std::visit([this](auto& x) { on_message(x); }, *message);
    else
      on_closed(std::move(message.error()));
  }

  void on_text(const_byte_span text) override {
    if (suspended())
      return put_off(text, &control::on_text);
    if (calls_.check_lost_frames(incarnation_->connection()))
      poke();
    leader_.text(stream::standard_output, text);
  }

  void on_closed(caf::error why) override {
    if (suspended())
      return when_running([this, why = std::move(why)]() mutable { on_closed(std::move(why)); });
    if (std::exchange(stream_ended_, true))
      return;
    closed_ = std::move(why);
    poke();
  }

  void on_stderr(const_byte_span text) override {
    if (suspended())
      return put_off(text, &control::on_stderr);
    leader_.text(stream::standard_error, text);
  }

  void on_connected() override { life_.on_connected(); }

  void on_readable() override { count_traffic(); }

  void on_written() override { count_traffic(); }

  void on_exit(const exit_status& status, const std::vector<survivor>& survivors) override {
    exited_ = status;
    survivors_ = survivors;
    poke();
  }

  /// Keeps what had been read before the actor was suspended, or is read because the process ends.
  void put_off(const_byte_span bytes, void (control::*handler)(const_byte_span)) {
    when_running([this, copy = byte_buffer{bytes.begin(), bytes.end()}, handler] {
      if (incarnation_)
        (this->*handler)(copy);
    });
  }

  // -- what the peer says ---

  void on_message(const wire::started& x) {
    if (life_.started())
      return;
    obey(life_.on_started());
    if (!life_.started())
      return;
    metrics_.enters(peer_state::running);
    node_ = x.node;
    outbox_.open(incarnation_->connection(), node_);
    waiters_.on_started(node_);
    start_heartbeat();
  }

  void on_message(const wire::reply& x) { calls_.answer(x, clock().now()); }

  void on_message(const wire::undecodable& x) {
    if (x.seq)
      calls_.fail(*x.seq, x.why);
    else
      note_dropped(x.why);
  }

  void on_message(const wire::message& x) {
    auto to = load_term<pid>(x.to);
    auto whom = to ? exposed_.find(*to) : nullptr;
    if (!whom) // Erlang drops the message, too
      note_dropped(caf::make_error(errc::noproc, std::string{"nobody has that pid"}));
    else if (auto content = convert::load_message(x.content))
      base::send_anonymous(whom, std::move(*content));
  }

  void note_dropped([[maybe_unused]] const caf::error& why) {
    ++undelivered_;
    CAF_LOG_DEBUG("peer-message-dropped" << CAF_ARG2("peer", display_name(options_)) << CAF_ARG2("why", text_of(why))
                                         << CAF_ARG2("so-far", undelivered_));
  }

  void on_message(const wire::io_request& x) {
    if (auto err = leader_.serve(x))
      on_closed(std::move(err));
  }

  // -- group_leader::owner ---

  void evaluate(const atom& module, const atom& function, const term& arguments,
                console::io_server::evaluated then) override {
    auto encoded = byte_buffer{};
    auto failed = connected() ? save_term(encoded, arguments) : no_connection();
    if (failed)
      return then(std::move(failed));
    calls_.send(incarnation_->connection(), {module, function, std::move(then)}, encoded, clock().now(), caf::infinite);
    check_that_it_reads();
  }

  void on_io_reply(const wire::io_reply& reply) override {
    if (!connected())
      return;
    static_cast<void>(incarnation_->connection().send(reply));
    check_that_it_reads();
  }

  void on_ready() override { waiters_.on_ready(); }

  void check_that_it_reads() {
    if (auto err = outbox_.check_that_it_reads(incarnation_->connection()))
      on_closed(std::move(err));
  }

  // -- member variables ---

  start_options options_;
  launcher launch_;
  caf::actor_addr parent_;           ///< the actor of `start_link`
  caf::strong_actor_ptr keep_alive_; ///< this actor, until it exits
  metrics metrics_;                  ///< before `calls_`, which count there
  lifecycle life_;
  std::vector<std::string> arguments_;       ///< what the program was started with
  std::vector<std::string> limits_off_;      ///< what cannot be limited
  std::unique_ptr<incarnation> incarnation_; ///< null before and after the peer's life
  group_leader leader_;
  wire::parser parser_;
  calls calls_;
  atom node_;
  outbox outbox_;
  waiters waiters_;
  caf::error reason_; ///< what ended the peer; no error before
  bool stream_ended_ = false;
  std::optional<caf::error> closed_;  ///< noticed, not yet told: the stream's end
  std::optional<exit_status> exited_; ///< noticed, not yet told: the process's end
  std::vector<survivor> survivors_;
  bool stop_requested_ = false;
  caf::error exit_reason_;     ///< what to exit with after a stop on request
  caf::disposable timer_;      ///< the lifecycle's
  std::optional<pulse> pulse_; ///< once the peer runs, if it has a heartbeat
  caf::disposable pulse_timer_;
  caf::disposable call_timer_;
  calls::time_point call_timer_time_ = calls::time_point::max();
  exposed_actors exposed_;
  std::size_t undelivered_ = 0;
};

} // namespace

control_actor spawn_control(caf::actor_system& sys, loop::habitat where, launcher launch, start_options options,
                            caf::strong_actor_ptr parent) {
  return loop::spawn_pinned<control>(sys, std::move(where), std::move(launch), std::move(options), std::move(parent));
}

} // namespace peer::internal::origin
