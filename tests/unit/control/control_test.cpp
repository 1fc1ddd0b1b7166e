// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.control.actor

#include "caf/all.hpp"

#include "caf/test/dsl.hpp"

#include "peer/control/control.hpp"
#include "peer/io/messages.hpp"

#include <csignal>

using namespace std::chrono_literals;

namespace {

// -- a peer that is not there -----------------------------------------------------------------------------------------

/// Remembers the messages that the control actor sends, as terms.
class fake_channel final : public peer::channel {
public:
  void drain() override {}
  bool flush(std::chrono::milliseconds) override { return true; }
  void close() override { closed = true; }
  std::size_t queued() const noexcept override { return 0; }
  std::size_t lost_frames() const noexcept override { return lost; }

  std::vector<peer::term> sent;
  bool closed = false;
  std::size_t lost = 0;

protected:
  bool writable() const noexcept override { return !closed; }
  peer::byte_buffer& output() override { return buffer_; }
  peer::wire::framing& framing() override { return *framing_; }

  void flush_later() override {
    struct : peer::wire::framing::sink {
      void on_frame(peer::const_byte_span payload) override { out->push_back(*peer::decode(payload)); }
      void on_text(peer::const_byte_span) override {}
      std::vector<peer::term>* out;
    } collector;
    collector.out = &sent;
    static_cast<void>(framing_->consume(std::exchange(buffer_, {}), collector));
  }

private:
  peer::byte_buffer buffer_;
  peer::wire::framing_ptr framing_ = peer::wire::make_packet_framing();
};

/// What the test sees and does of one incarnation.
struct fake_peer {
  fake_channel channel;
  peer::incarnation::listener* control = nullptr;
  std::vector<int> signals;
  std::string boot_report;
  bool paused = false;
  bool alive = false;

  void says(const peer::term& message) {
    auto payload = peer::encode(message);
    control->on_frame(*payload);
  }

  void started() { says(peer::tagged("started", peer::atom{"nonode@nohost"})); }

  void exits(int code) {
    control->on_exit({peer::exit_status::kind::exited, code, false, caf::timespan{0}, caf::timespan{0}, 0});
  }
};

class fake_incarnation final : public peer::incarnation {
public:
  explicit fake_incarnation(std::shared_ptr<fake_peer> what) : what_(std::move(what)) { what_->alive = true; }
  ~fake_incarnation() override { what_->alive = false; }

  peer::channel& connection() override { return what_->channel; }
  void signal(int number, peer::signal_scope) override { what_->signals.push_back(number); }
  pid_t process_id() const noexcept override { return 4711; }
  void close() override { what_->channel.close(); }
  void pause_console(bool paused) override { what_->paused = paused; }
  std::string boot_report() const override { return what_->boot_report; }

private:
  std::shared_ptr<fake_peer> what_;
};

struct fixture : test_coordinator_fixture<> {
  fixture() {
    options.exec = peer::exec{"fake"};
    options.output = peer::actor_output(caf::actor_cast<caf::actor>(self));
  }

  ~fixture() {
    if (control)
      caf::anon_send_exit(control, caf::exit_reason::kill);
    settle();
  }

  /// Lets all actors do what they can without time passing.
  void settle() { consume_messages(); }

  /// Starts the control actor; it waits for its peer to boot.
  void start() {
    auto launch = [this](const peer::start_options&,
                         peer::incarnation::listener& events) -> caf::expected<std::unique_ptr<peer::incarnation>> {
      if (launch_error)
        return launch_error;
      peer->control = &events;
      return std::make_unique<fake_incarnation>(peer);
    };
    control = peer::spawn_control(sys, peer::habitat{sys.dummy_execution_unit()}, launch, options,
                                  parent ? caf::actor_cast<caf::strong_actor_ptr>(parent) : nullptr);
    self->monitor(control);
    self->send(control, peer::await_boot_atom_v);
    settle();
  }

  void start_running() {
    start();
    peer->started();
    settle();
    CAF_CHECK_EQUAL(answer<peer::atom>(), peer::atom{"nonode@nohost"});
  }

  /// Takes the next answer out of the mailbox of `self`.
  template <class T>
  T answer() {
    auto result = std::optional<T>{};
    auto failed = caf::error{};
    self->receive([&](T& x) { result = std::move(x); }, [&](caf::error& err) { failed = std::move(err); },
                  caf::after(0s) >> [] { CAF_FAIL("no answer"); });
    if (!result)
      CAF_FAIL("unexpected error: " << failed);
    return std::move(*result);
  }

  caf::error failure() {
    auto result = caf::error{};
    self->receive([&](caf::error& err) { result = std::move(err); }, caf::after(0s) >> [] { CAF_FAIL("no answer"); });
    return result;
  }

  caf::error exit_of_control() {
    auto result = caf::error{};
    self->receive([&](caf::down_msg& down) { result = std::move(down.reason); },
                  caf::after(0s) >> [] { CAF_FAIL("the control actor lives"); });
    control = nullptr;
    return result;
  }

  void call(std::string function, caf::timespan timeout = 5s) {
    self->send(control, peer::call_request{"m", std::move(function), *peer::encode_arguments(1), timeout});
    settle();
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

} // namespace

CAF_TEST_FIXTURE_SCOPE(control_tests, fixture)

CAF_TEST(a peer boots) {
  start();
  CAF_CHECK(peer->alive);
  ask(peer::get_state_atom_v);
  auto status = answer<peer::peer_status>();
  CAF_CHECK(status.state == peer::peer_state::booting);
  CAF_CHECK(status.process_id == 4711);
  peer->started();
  settle();
  CAF_CHECK_EQUAL(answer<peer::atom>(), peer::atom{"nonode@nohost"});
  ask(peer::get_state_atom_v);
  CAF_CHECK(answer<peer::peer_status>().state == peer::peer_state::running);
}

CAF_TEST(a program that cannot be started fails in the phase spawn) {
  launch_error = caf::make_error(peer::errc::system_failure, std::string{"cannot execute 'fake': no such file"});
  start();
  auto err = failure();
  CAF_CHECK_EQUAL(err, peer::errc::boot_failed);
  CAF_REQUIRE(peer::failure_of(err));
  CAF_CHECK(peer::failure_of(err)->at == peer::phase::spawn);
  CAF_CHECK(peer::describe(err).find("no such file") != std::string::npos);
  CAF_CHECK(!exit_of_control());
}

CAF_TEST(a peer that exits while it boots is reported with status and last words) {
  start();
  peer->control->on_stderr(peer::as_byte_span("cannot read config\nbye"));
  peer->exits(7);
  settle();
  auto err = failure();
  CAF_CHECK_EQUAL(err, peer::errc::boot_failed);
  auto details = peer::failure_of(err);
  CAF_REQUIRE(details);
  CAF_CHECK(details->at == peer::phase::boot);
  CAF_CHECK_EQUAL(details->status->value, 7);
  CAF_CHECK_EQUAL(details->last_words, (std::vector<std::string>{"cannot read config", "bye"}));
  CAF_CHECK_EQUAL(to_string(peer::to_reason(err)), "{boot_failed,{exit_status,7}}");
}

CAF_TEST(a peer that does not boot in time is killed and the error says so) {
  options.wait_boot = caf::timespan{300ms};
  start();
  advance_time(300ms);
  settle();
  CAF_CHECK(peer->channel.closed);
  advance_time(peer::defaults::exit_grace);
  settle();
  CAF_CHECK_EQUAL(peer->signals, std::vector<int>{SIGKILL});
  peer->control->on_exit({peer::exit_status::kind::signaled, SIGKILL, false, {}, {}, 0});
  settle();
  auto err = failure();
  CAF_CHECK_EQUAL(err, peer::errc::boot_failed);
  CAF_CHECK(peer::failure_of(err)->cause.find("300ms") != std::string::npos);
}

CAF_TEST(a boot that failed tells what is known about the connection) {
  peer->boot_report = "it never connected";
  start();
  peer->exits(7);
  settle();
  auto err = failure();
  CAF_CHECK_EQUAL(peer::describe(err), "peer 'fake' ended before it had booted: it never connected; the process exited "
                                       "with status 7");
  CAF_CHECK_EQUAL(to_string(peer::to_reason(err)), "{boot_failed,{exit_status,7}}");
}

CAF_TEST(the cause of a failed boot comes before what is known about the connection) {
  peer->boot_report = "it never connected";
  options.wait_boot = caf::timespan{300ms};
  start();
  advance_time(300ms);
  settle();
  peer->exits(0);
  settle();
  auto err = failure();
  CAF_REQUIRE(peer::failure_of(err));
  CAF_CHECK_EQUAL(peer::failure_of(err)->cause, "it did not say that it had started within 300ms; it never connected");
}

CAF_TEST(a receiver is notified of the boot) {
  options.wait_boot = peer::notify{caf::actor_cast<caf::actor>(self), peer::atom{"tag"}};
  start();
  peer->started();
  settle();
  auto notice = answer<peer::start_notice>();
  CAF_CHECK_EQUAL(notice.tag, peer::term{peer::atom{"tag"}});
  CAF_CHECK_EQUAL(notice.node, peer::atom{"nonode@nohost"});
  CAF_CHECK(!notice.reason);
  CAF_CHECK_EQUAL(notice.control, control.address());
}

CAF_TEST(a receiver is notified of a boot that failed and only once) {
  options.wait_boot = peer::notify{caf::actor_cast<caf::actor>(self), 1};
  start();
  peer->exits(1);
  settle();
  self->receive([](const peer::start_notice& x) { CAF_CHECK_EQUAL(x.reason, peer::errc::boot_failed); });
  CAF_CHECK_EQUAL(failure(), peer::errc::boot_failed); // of await_boot
  CAF_CHECK(!exit_of_control());
  CAF_CHECK(self->mailbox().empty());
}

CAF_TEST(a boot that nobody waits for has a limit) {
  options.wait_boot = peer::no_wait{};
  start();
  advance_time(peer::defaults::boot_limit);
  settle();
  CAF_CHECK(peer->channel.closed);
}

CAF_TEST(calls are sent and answered in any order) {
  start_running();
  call("a");
  call("b");
  CAF_REQUIRE_EQUAL(peer->channel.sent.size(), 2u);
  CAF_CHECK_EQUAL(to_string(peer->channel.sent[0]), "{call,0,m,a,[1]}");
  CAF_CHECK_EQUAL(to_string(peer->channel.sent[1]), "{call,1,m,b,[1]}");
  peer->says(peer::tagged("reply", 1, peer::atom{"ok"}, "second"));
  peer->says(peer::tagged("reply", 0, peer::atom{"ok"}, 42));
  CAF_CHECK_EQUAL(*answer<peer::encoded_term>().as<std::string>(), "second");
  auto first = answer<peer::encoded_term>();
  CAF_CHECK_EQUAL(*first.as<int>(), 42);
  CAF_CHECK_EQUAL(first.as<std::string>().error(), peer::errc::type_mismatch);
}

CAF_TEST(exceptions carry class and reason and stacktrace) {
  start_running();
  auto reply = [this](const char* cls, peer::term result) {
    static int seq = 0;
    call("f");
    peer->says(peer::tagged("reply", seq++, peer::atom{cls}, std::move(result)));
    auto err = failure();
    CAF_CHECK_EQUAL(err, peer::errc::exception);
    return to_string(peer::to_reason(err));
  };
  auto with_stack = [](peer::term reason) { return peer::tuple{std::move(reason), peer::list{}}; };
  CAF_CHECK_EQUAL(reply("throw", with_stack(peer::atom{"ball"})), "{throw,ball}");
  CAF_CHECK_EQUAL(reply("error", with_stack(peer::atom{"undef"})), "{error,undef}");
  CAF_CHECK_EQUAL(reply("exit", with_stack(peer::tuple{1, 2})), "{exit,{1,2}}");
  CAF_CHECK_EQUAL(reply("crash", peer::atom{"killed"}), "{exit,killed}");
  CAF_CHECK_EQUAL(reply("crash", peer::tuple{1, 2}), "{exit,{1,2}}");
}

CAF_TEST(a call times out and its late answer is dropped) {
  start_running();
  call("slow", 1s);
  call("slower", 2s);
  advance_time(1s);
  settle();
  auto err = failure();
  CAF_CHECK_EQUAL(err, peer::errc::timeout);
  CAF_CHECK(peer::describe(err).find("m:slow ") != std::string::npos);
  peer->says(peer::tagged("reply", 0, peer::atom{"ok"}, 1));
  CAF_CHECK(self->mailbox().empty());
  advance_time(1s);
  settle();
  CAF_CHECK_EQUAL(failure(), peer::errc::timeout);
}

CAF_TEST(a peer is told that nobody waits for a call any more) {
  start();
  call("early", 1s);
  advance_time(1s);
  settle();
  CAF_CHECK_EQUAL(failure(), peer::errc::timeout);
  CAF_CHECK_EQUAL(peer->channel.sent.size(), 1u); // the call: who would be told has no name yet
  peer->started();
  settle();
  CAF_CHECK_EQUAL(answer<peer::atom>(), peer::atom{"nonode@nohost"});
  call("slow", 1s);
  call("fast", 1s);
  peer->says(peer::tagged("reply", 2, peer::atom{"ok"}, 1));
  answer<peer::encoded_term>();
  advance_time(1s);
  settle();
  CAF_CHECK_EQUAL(failure(), peer::errc::timeout);
  CAF_CHECK_EQUAL(peer->channel.sent.size(), 4u);
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{message,{libpeer_calls,nonode@nohost},1}");
}

CAF_TEST(every outstanding call is answered once when the peer ends) {
  options.peer_down = peer::peer_down::crash;
  start_running();
  call("a");
  call("b", caf::infinite);
  peer->exits(9);
  settle();
  for (int i = 0; i < 2; ++i)
    CAF_CHECK_EQUAL(failure(), peer::errc::exit_status);
  auto reason = exit_of_control();
  CAF_CHECK_EQUAL(to_string(peer::to_reason(reason)), "{exit_status,9}");
  CAF_CHECK(self->mailbox().empty());
}

CAF_TEST(the policy stop exits normally) {
  start_running();
  peer->exits(1);
  settle();
  CAF_CHECK(!exit_of_control());
}

CAF_TEST(the policy continue stays and later calls have no connection) {
  options.peer_down = peer::peer_down::continue_;
  start_running();
  peer->exits(1);
  settle();
  CAF_CHECK(!peer->alive);
  ask(peer::get_state_atom_v);
  auto status = answer<peer::peer_status>();
  CAF_CHECK(status.state == peer::peer_state::down);
  CAF_CHECK_EQUAL(status.reason, peer::errc::exit_status);
  CAF_CHECK(!status.process_id);
  call("a");
  CAF_CHECK_EQUAL(failure(), peer::errc::noconnection);
  ask(peer::cast_request{"m", "f", *peer::encode_arguments()}); // dropped
  ask(peer::stop_atom_v);
  CAF_CHECK(answer<peer::stop_report>().ended_by == peer::stop_step::none);
  CAF_CHECK(!exit_of_control());
}

CAF_TEST(the end of the stream is followed by the exit status) {
  options.peer_down = peer::peer_down::crash;
  start_running();
  call("a");
  peer->control->on_closed({});
  settle();
  CAF_CHECK(self->mailbox().empty()); // one event with all evidence, not two
  peer->exits(0);
  settle();
  auto err = failure();
  CAF_CHECK_EQUAL(err, peer::errc::exit_status);
  CAF_CHECK_EQUAL(peer::failure_of(err)->cause, ""); // it simply ended
  CAF_CHECK_EQUAL(exit_of_control(), peer::errc::exit_status);
}

CAF_TEST(a violation of the protocol ends the peer) {
  options.peer_down = peer::peer_down::crash;
  start_running();
  peer->says(peer::tagged("nonsense", 1));
  settle();
  CAF_CHECK(peer->channel.closed);
  advance_time(peer::defaults::exit_grace);
  settle();
  CAF_CHECK_EQUAL(peer->signals, std::vector<int>{SIGKILL});
  peer->exits(0);
  settle();
  auto reason = exit_of_control();
  CAF_CHECK(peer::describe(reason).find("nonsense") != std::string::npos);
}

CAF_TEST(stop answers when the process has ended) {
  options.shutdown = caf::timespan{2s};
  start_running();
  ask(peer::stop_atom_v);
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{cast,init,stop,[]}");
  CAF_CHECK(self->mailbox().empty());
  advance_time(2s);
  settle();
  advance_time(peer::defaults::term_timeout);
  settle();
  CAF_CHECK_EQUAL(peer->signals, (std::vector<int>{SIGTERM, SIGKILL}));
  peer->control->on_exit({peer::exit_status::kind::signaled, SIGKILL, false, {}, {}, 0});
  settle();
  auto report = answer<peer::stop_report>();
  CAF_CHECK(report.ended_by == peer::stop_step::killed);
  CAF_CHECK_EQUAL(report.status->value, SIGKILL);
  CAF_CHECK(!exit_of_control());
}

CAF_TEST(messages reach the actors that were exposed and no others) {
  start_running();
  ask(peer::expose_atom_v, caf::actor_cast<caf::actor>(self));
  auto id = answer<peer::term>();
  peer->says(peer::tagged("message", id, "hello"));
  settle();
  CAF_CHECK_EQUAL(answer<peer::term>(), peer::term{"hello"});
  auto other = *id.get_if<peer::pid>();
  other.id += 1;
  peer->says(peer::tagged("message", other, "nobody"));
  peer->says(peer::tagged("message", peer::atom{"nobody"}, "nobody"));
  settle();
  CAF_CHECK(self->mailbox().empty());
  ask(peer::get_state_atom_v);
  CAF_CHECK(answer<peer::peer_status>().state == peer::peer_state::running);
}

CAF_TEST(messages are sent to pids and names) {
  start_running();
  auto content = peer::byte_buffer{};
  CAF_CHECK(!peer::save_term(content, 5));
  ask(peer::send_request{peer::atom{"printer"}, content});
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{message,{printer,nonode@nohost},5}");
  ask(peer::cast_request{"m", "f", *peer::encode_arguments()});
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{cast,m,f,[]}");
}

CAF_TEST(output is passed on and requests are answered) {
  start_running();
  auto from = peer::pid{peer::atom{"n@h"}, 1, 0, 1};
  auto chars = peer::tuple{peer::atom{"put_chars"}, peer::atom{"unicode"}, "hi\n"};
  peer->says(peer::tagged("io_request", from, 77, chars));
  settle();
  self->receive([](const peer::output_line& line) { CAF_CHECK_EQUAL(line.text, "hi"); });
  CAF_CHECK_EQUAL(peer->channel.sent.back(), peer::term(peer::tagged("io_reply", from, 77, peer::atom{"ok"})));
  // io:format: the peer makes the text
  auto format = peer::tuple{peer::atom{"put_chars"}, peer::atom{"unicode"}, peer::atom{"io_lib"}, peer::atom{"format"},
                            peer::list{"x~n", peer::list{}}};
  peer->says(peer::tagged("io_request", from, 78, format));
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{call,0,io_lib,format,[<<\"x~n\">>,[]]}");
  peer->says(peer::tagged("reply", 0, peer::atom{"ok"}, peer::list{"x", 10}));
  settle();
  self->receive([](const peer::output_line& line) { CAF_CHECK_EQUAL(line.text, "x"); });
}

CAF_TEST(a damaged frame fails all outstanding calls) {
  start_running();
  call("a", caf::infinite);
  peer->channel.lost = 1;
  peer->control->on_text(peer::as_byte_span("rest of a frame\n"));
  settle();
  CAF_CHECK_EQUAL(failure(), peer::errc::protocol_violation);
  call("b");
  CAF_CHECK_EQUAL(to_string(peer->channel.sent.back()), "{call,1,m,b,[1]}");
}

CAF_TEST(the end of the parent stops the peer and a normal one too) {
  for (auto reason : {caf::exit_reason::normal, caf::exit_reason::user_shutdown}) {
    peer = std::make_shared<fake_peer>();
    parent = sys.spawn([reason](caf::event_based_actor* me) -> caf::behavior {
      return {[me, reason](caf::close_atom) { me->quit(reason); }};
    });
    start_running();
    caf::anon_send(parent, caf::close_atom_v);
    settle();
    CAF_CHECK(peer->channel.closed);
    peer->exits(1);
    settle();
    CAF_CHECK_EQUAL(exit_of_control(), reason);
    parent = nullptr;
  }
}

CAF_TEST(an exit message stops the peer and a normal one of a stranger is ignored) {
  start_running();
  caf::anon_send_exit(control, caf::exit_reason::normal);
  settle();
  CAF_CHECK(!peer->channel.closed);
  caf::anon_send_exit(control, caf::exit_reason::user_shutdown);
  settle();
  CAF_CHECK(peer->channel.closed);
  peer->exits(1);
  settle();
  CAF_CHECK_EQUAL(exit_of_control(), caf::exit_reason::user_shutdown);
}

CAF_TEST(a kill ends the peer without asking) {
  start_running();
  caf::anon_send_exit(control, caf::exit_reason::kill);
  settle();
  CAF_CHECK(!peer->alive);
  CAF_CHECK_EQUAL(exit_of_control(), caf::exit_reason::kill);
}

CAF_TEST(stray messages are dropped) {
  start_running();
  caf::anon_send(caf::actor_cast<caf::actor>(control), std::string{"what?"}, 42);
  settle();
  ask(peer::get_state_atom_v);
  CAF_CHECK(answer<peer::peer_status>().state == peer::peer_state::running);
}

CAF_TEST_FIXTURE_SCOPE_END()
