// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "console/messages.hpp"
#include "origin/control.hpp"
#include "process/descriptor.hpp"
#include "term/codec/codec.hpp"
#include "tests/support/because.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <csignal>

namespace peer::test {

// -- a peer that is not there -----------------------------------------------------------------------------------------

/// Remembers the messages that the control actor sends, as terms.
class fake_channel final : public peer::internal::connection::channel {
public:
  void pause(bool how) override { paused = how; }
  void drain() override {
    if (on_drain)
      on_drain();
  }
  bool flush(std::chrono::milliseconds) override { return true; }
  void close() override { closed = true; }
  std::size_t queued() const noexcept override { return static_cast<std::size_t>(sent_bytes - written()); }
  std::uint64_t written() const noexcept override { return read_until.value_or(sent_bytes); }
  std::uint64_t received() const noexcept override { return received_bytes; }
  std::size_t lost_frames() const noexcept override { return lost; }

  std::vector<peer::term> sent;
  bool closed = false;
  bool paused = false;
  std::optional<std::uint64_t> read_until; ///< where the peer has stopped to read
  std::uint64_t sent_bytes = 0;
  std::uint64_t received_bytes = 0;
  std::function<void()> on_drain; ///< says what has arrived

  void stop_reading() { read_until = sent_bytes; }
  void go_on_reading() { read_until = std::nullopt; }
  std::size_t lost = 0;

protected:
  bool writable() const noexcept override { return !closed; }
  peer::byte_buffer& output() override { return buffer_; }
  peer::internal::wire::framing& framing() override { return *framing_; }

  void flush_later() override {
    struct : peer::internal::wire::framing::sink {
      void on_frame(peer::const_byte_span payload) override { out->push_back(*peer::internal::codec::decode(payload)); }
      void on_text(peer::const_byte_span) override {}
      std::vector<peer::term>* out;
    } collector;
    collector.out = &sent;
    sent_bytes += buffer_.size();
    static_cast<void>(framing_->consume(std::exchange(buffer_, {}), collector));
  }

private:
  peer::byte_buffer buffer_;
  peer::internal::wire::framing_ptr framing_ = peer::internal::wire::make_packet_framing();
};

/// What the test sees and does of one incarnation.
struct fake_peer {
  fake_channel channel;
  peer::internal::origin::incarnation::listener* control = nullptr;
  std::vector<int> signals;
  peer::internal::process::signal_scope scope = peer::internal::process::signal_scope::group; ///< of the last signal
  std::string boot_report;
  std::vector<std::string> arguments{"-user", "peer"};
  std::vector<std::string> limits_off;
  bool paused = false;
  bool descendants_noted = false;
  bool alive = false;

  void says(const peer::term& message) {
    auto payload = peer::internal::codec::encode(message);
    channel.received_bytes += payload->size();
    control->on_frame(*payload);
  }

  void started() { says(peer::tagged("started", peer::atom{"nonode@nohost"})); }

  void exits(int code, std::vector<peer::survivor> survivors = {}) {
    control->on_exit({peer::exit_status::kind::exited, code, false, caf::timespan{0}, caf::timespan{0}, 0},
                     std::move(survivors));
  }

  void is_killed() { control->on_exit({peer::exit_status::kind::signaled, SIGKILL, false, {}, {}, 0}, {}); }
};

class fake_incarnation final : public peer::internal::origin::incarnation {
public:
  explicit fake_incarnation(std::shared_ptr<fake_peer> what) : what_(std::move(what)) { what_->alive = true; }
  ~fake_incarnation() override { what_->alive = false; }

  peer::internal::connection::channel& connection() override { return what_->channel; }
  void signal(int number, peer::internal::process::signal_scope scope) override {
    what_->signals.push_back(number);
    what_->scope = scope;
  }
  void note_descendants() override { what_->descendants_noted = true; }
  const std::vector<std::string>& arguments() const noexcept override { return what_->arguments; }
  pid_t process_id() const noexcept override { return 4711; }

  bool has_written() override { return false; }
  const std::vector<std::string>& limits_off() const noexcept override { return what_->limits_off; }
  void close() override { what_->channel.close(); }
  void pause_console(bool paused) override { what_->paused = paused; }
  std::string boot_report() const override { return what_->boot_report; }

private:
  std::shared_ptr<fake_peer> what_;
};

/// A control actor on CAF's test coordinator, whose peer is fake.
struct control_fixture : test_coordinator_fixture<> {
  control_fixture() {
    options.exec = peer::exec{"fake"};
    options.shutdown = peer::shutdown_halt{};
    options.output = peer::actor_output(caf::actor_cast<caf::actor>(self));
  }

  ~control_fixture() {
    if (control)
      caf::anon_send_exit(control, caf::exit_reason::kill);
    settle();
  }

  /// Lets all actors do what they can without time passing.
  void settle() { consume_messages(); }

  /// Makes the control actor, which has not run yet. `self` monitors it.
  void spawn() {
    auto launch = [this](const peer::start_options&, peer::internal::origin::incarnation::listener& events)
        -> caf::expected<std::unique_ptr<peer::internal::origin::incarnation>> {
      if (launch_error)
        return launch_error;
      peer->control = &events;
      return std::make_unique<fake_incarnation>(peer);
    };
    control = peer::internal::origin::spawn_control(sys, peer::internal::loop::habitat{sys.dummy_execution_unit()},
                                                    launch, options,
                                                    parent ? caf::actor_cast<caf::strong_actor_ptr>(parent) : nullptr);
    self->monitor(control);
  }

  /// Starts the control actor; it waits for its peer to boot.
  void start() {
    spawn();
    self->send(control, peer::await_boot_atom_v);
    settle();
  }

  void start_running() {
    start();
    peer->started();
    settle();
    CAF_CHECK_EQUAL(answer<peer::peer_status>().node, peer::atom{"nonode@nohost"});
  }

  // -- single messages ---

  /// `self` sends a request, which the control actor takes. Its answer is a message to `self`.
  template <class... Ts>
  void sends(Ts... what) {
    static_cast<void>(self->request(control, caf::infinite, std::move(what)...));
    expect((Ts...), from(self).to(control));
  }

  /// `self` calls a function in the peer. The control actor takes the request.
  void calls(std::string function, caf::timespan timeout = std::chrono::seconds{5}) {
    inject((peer::call_request), from(self).to(control).with(peer::call_request{"m", std::move(function),
                                                                                *peer::encode_arguments(1), timeout}));
  }

  /// The peer answers the call of that number.
  void replies(int number, peer::term value) {
    peer->says(peer::tagged("reply", number, peer::atom{"ok"}, std::move(value)));
  }

  /// What the peer was sent last.
  std::string last_sent() { return peer->channel.sent.empty() ? "" : to_string(peer->channel.sent.back()); }

  /// Somebody sends the control actor an exit message.
  void is_told_to_exit(caf::error why) {
    inject((caf::exit_msg), from(self).to(control).with(caf::exit_msg{self->address(), std::move(why)}));
  }

  /// The control actor has ended with that reason, and `self` learns of it.
  void ends_with(const caf::error& why) { expect((caf::down_msg), from(control).to(self).with(because{why})); }

  /// The control actor follows what its peer has done, which it has been told outside of its messages.
  void follows() { expect((peer::internal::base::poke_atom), to(control)); }

  /// Whether all messages have been taken.
  bool nothing_waits() { return !sched.has_job() && self->mailbox().empty(); }

  // -- many messages ---

  /// Takes the next answer out of the mailbox of `self`.
  template <class T>
  T answer() {
    auto result = std::optional<T>{};
    auto failed = caf::error{};
    self->receive([&](T& x) { result = std::move(x); }, [&](caf::error& err) { failed = std::move(err); },
                  caf::after(std::chrono::seconds{0}) >> [] { CAF_FAIL("no answer"); });
    if (!result)
      CAF_FAIL("unexpected error: " << failed);
    return std::move(*result);
  }

  caf::error failure() {
    auto result = caf::error{};
    self->receive([&](caf::error& err) { result = std::move(err); },
                  caf::after(std::chrono::seconds{0}) >> [] { CAF_FAIL("no answer"); });
    return result;
  }

  caf::error exit_of_control() {
    auto result = caf::error{};
    self->receive([&](caf::down_msg& down) { result = std::move(down.reason); },
                  caf::after(std::chrono::seconds{0}) >> [] { CAF_FAIL("the control actor lives"); });
    control = nullptr;
    return result;
  }

  void call(std::string function, caf::timespan timeout = std::chrono::seconds{5}) {
    self->send(control, peer::call_request{"m", std::move(function), *peer::encode_arguments(1), timeout});
    settle();
  }

  /// Sends a request and returns the error that answers it; none if there is a value.
  caf::error refusal(auto... what) {
    auto pending = self->request(control, caf::infinite, what...);
    settle();
    auto result = caf::error{};
    pending.receive([] {}, [&](caf::error& err) { result = std::move(err); });
    return result;
  }

  void ask(auto... what) {
    self->send(control, what...);
    settle();
  }

  peer::start_options options;
  std::shared_ptr<fake_peer> peer = std::make_shared<fake_peer>();
  caf::error launch_error;
  caf::actor parent;
  peer::control_actor control;
};

} // namespace peer::test
