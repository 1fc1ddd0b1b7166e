// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// How a real erl ends, and who learns of it.

#define CAF_SUITE peer.system.end

#include "raw_frame.hpp"
#include "support/system_fixture.hpp"

#include <csignal>
#include <future>

using namespace peer::test;
using namespace std::chrono_literals;

using peer::atom;
using peer::term;

namespace {

struct fixture : system_fixture {
  peer::handle start_with(peer::peer_down policy) {
    auto options = erl();
    options.peer_down = policy;
    return start(std::move(options));
  }

  /// Starts a peer, lets `end` end it and returns the reason that its control actor exits with.
  template <class F>
  caf::error reason_after(F end, peer::peer_down policy = peer::peer_down::crash) {
    auto worker = start_with(policy);
    auto watch = end_watch{*sys, worker.actor()};
    end(worker);
    return watch.reason();
  }

  /// Checks an exit reason: the status as Erlang would see it, and that the peer had been running.
  static void check_reason(const caf::error& reason, const term& expected) {
    CAF_CHECK_EQUAL(reason, peer::errc::exit_status);
    CAF_CHECK_EQUAL(peer::to_reason(reason), expected);
    auto details = peer::failure_of(reason);
    CAF_REQUIRE(details != nullptr);
    CAF_CHECK_EQUAL(details->at, peer::phase::running);
    CAF_CHECK(details->status);
    check_contains(details->who, "erl");
  }

  static void halt_with(const peer::handle& worker, int status) { CAF_CHECK(!worker.cast("erlang", "halt", status)); }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(end_tests, fixture)

// -- ways to end ------------------------------------------------------------------------------------------------------

CAF_TEST(halt tells its status) {
  auto reason = reason_after([](auto& worker) { halt_with(worker, 3); });
  check_reason(reason, "{exit_status, 3}"_term);
  check_contains(peer::describe(reason), "ended while running: exited with status 3");
}

CAF_TEST(halt with status 0 is an end as any other) {
  check_reason(reason_after([](auto& worker) { halt_with(worker, 0); }), "{exit_status, 0}"_term);
}

CAF_TEST(a signal from outside is 128 and its number) {
  auto reason = reason_after([](auto& worker) { kill(process_of(worker), SIGKILL); });
  check_reason(reason, "{exit_status, 137}"_term);
  auto details = peer::failure_of(reason);
  CAF_CHECK(details->status->how == peer::exit_status::kind::signaled);
  CAF_CHECK_EQUAL(details->status->value, SIGKILL);
  CAF_CHECK(details->status->max_rss > 0);
  check_contains(peer::describe(reason), "SIGKILL");
}

CAF_TEST(a slogan is among the last words) {
  auto reason = reason_after([](auto& worker) { CAF_CHECK(!worker.cast("erlang", "halt", charlist("the slogan"))); });
  check_reason(reason, "{exit_status, 1}"_term);
  check_contains(peer::describe(reason), "the slogan");
}

CAF_TEST(abort is a signal) {
  auto reason = reason_after([](auto& worker) { CAF_CHECK(!worker.cast("erlang", "halt", atom{"abort"})); });
  check_reason(reason, "{exit_status, 134}"_term);
  CAF_CHECK_EQUAL(peer::failure_of(reason)->status->value, SIGABRT);
}

CAF_TEST(init stop ends with status 0) {
  check_reason(reason_after([](auto& worker) { CAF_CHECK(!worker.cast("init", "stop")); }), "{exit_status, 0}"_term);
}

CAF_TEST(what the peer printed before its end arrives) {
  auto reason = reason_after(
      [this](auto& worker) {
        CAF_CHECK(error_of(try_evaluate(worker, "io:put_chars(\"last line\\n\"), erlang:display(last_text), halt(4)")));
      },
      peer::peer_down::stop);
  CAF_CHECK(!reason);
  CAF_CHECK(console.wait_for("last line"));
  CAF_CHECK(console.wait_for("last_text\r"));
}

// -- peer_down --------------------------------------------------------------------------------------------------------

CAF_TEST(with stop the control actor exits normally) {
  CAF_CHECK(!reason_after([](auto& worker) { halt_with(worker, 3); }, peer::peer_down::stop));
}

CAF_TEST(with stop a linked actor lives on) {
  auto worker = start_with(peer::peer_down::stop);
  auto linked = sys->spawn([control = worker.actor()](caf::event_based_actor* self) -> caf::behavior {
    self->link_to(control);
    return {[](caf::ok_atom) { return caf::ok_atom_v; }};
  });
  auto watch = end_watch{*sys, worker.actor()};
  halt_with(worker, 3);
  CAF_CHECK(!watch.reason());
  auto self = caf::scoped_actor{*sys};
  auto alive = false;
  self->request(linked, patience, caf::ok_atom_v)
      .receive([&](caf::ok_atom) { alive = true; }, [](const caf::error&) {});
  CAF_CHECK(alive);
}

CAF_TEST(with crash a linked actor dies of the same reason) {
  auto worker = start_with(peer::peer_down::crash);
  auto ready = std::promise<void>{};
  auto linked = sys->spawn([&ready, control = worker.actor()](caf::event_based_actor* self) -> caf::behavior {
    self->link_to(control);
    ready.set_value();
    return {[](caf::ok_atom) { return caf::ok_atom_v; }};
  });
  ready.get_future().wait();
  auto watch = end_watch{*sys, linked};
  kill(process_of(worker), SIGKILL);
  check_reason(watch.reason(), "{exit_status, 137}"_term);
}

CAF_TEST(with continue the control actor stays and says so) {
  auto worker = start_with(peer::peer_down::continue_);
  auto self = caf::scoped_actor{*sys};
  auto pending =
      self->request(worker.actor(), caf::infinite,
                    peer::call_request{"erlang", "halt", value_of(peer::encode_arguments(3)), caf::infinite});
  auto ended = caf::error{};
  pending.receive([](const peer::encoded_term&) { CAF_ERROR("halt returned"); },
                  [&](const caf::error& err) { ended = err; });
  check_reason(ended, "{exit_status, 3}"_term);
  auto status = value_of(worker.get_state());
  CAF_CHECK_EQUAL(status.state, peer::peer_state::down);
  CAF_CHECK_EQUAL(status.reason, ended);
  CAF_CHECK(!status.process_id);
  CAF_CHECK_EQUAL(error_of(worker.call<int>("erlang", "abs", 1)), peer::errc::noconnection);
  CAF_CHECK(!worker.cast("erlang", "abs", 1));
  CAF_CHECK(!worker.send("name", 1));
  auto report = value_of(worker.stop());
  CAF_CHECK_EQUAL(report.ended_by, peer::stop_step::none);
  CAF_CHECK(report.status && report.status->value == 3);
  CAF_CHECK_EQUAL(error_of(worker.get_state()), peer::errc::noproc);
}

// -- calls ------------------------------------------------------------------------------------------------------------

CAF_TEST(outstanding calls are answered when the peer dies) {
  for (auto policy : {peer::peer_down::stop, peer::peer_down::crash, peer::peer_down::continue_}) {
    auto worker = start_with(policy);
    auto self = caf::scoped_actor{*sys};
    auto sleep = [] {
      return peer::call_request{"timer", "sleep", value_of(peer::encode_arguments(atom{"infinity"})), caf::infinite};
    };
    auto calls = std::vector<decltype(self->request(worker.actor(), caf::infinite, sleep()))>{};
    for (auto i = 0; i < 5; ++i)
      calls.push_back(self->request(worker.actor(), caf::infinite, sleep()));
    check_alive(worker); // the calls before it are on their way
    kill(process_of(worker), SIGKILL);
    for (auto& call : calls)
      call.receive([](const peer::encoded_term&) { CAF_ERROR("the call returned"); },
                   [](const caf::error& err) { check_reason(err, "{exit_status, 137}"_term); });
    CAF_CHECK(self->mailbox().empty()); // one answer each
    if (policy == peer::peer_down::continue_)
      CAF_CHECK(worker.stop());
  }
}

CAF_TEST(requests after the end find no process) {
  auto worker = start_with(peer::peer_down::stop);
  auto watch = end_watch{*sys, worker.actor()};
  halt_with(worker, 0);
  CAF_CHECK(!watch.reason());
  CAF_CHECK_EQUAL(error_of(worker.call<int>("erlang", "abs", 1)), peer::errc::noproc);
  CAF_CHECK_EQUAL(error_of(worker.get_state()), peer::errc::noproc);
  CAF_CHECK_EQUAL(error_of(worker.stop()), peer::errc::noproc);
  CAF_CHECK(!worker.cast("erlang", "abs", 1));
  CAF_CHECK(!worker.send("name", 1));
}

CAF_TEST(a control actor that is killed takes peer and calls along) {
  auto worker = start(erl());
  auto process = process_of(worker);
  auto self = caf::scoped_actor{*sys};
  auto pending = self->request(
      worker.actor(), caf::infinite,
      peer::call_request{"timer", "sleep", value_of(peer::encode_arguments(atom{"infinity"})), caf::infinite});
  check_alive(worker);
  auto watch = end_watch{*sys, worker.actor()};
  caf::anon_send_exit(worker.actor(), caf::exit_reason::kill);
  CAF_CHECK_EQUAL(watch.reason(), caf::exit_reason::kill);
  CAF_CHECK(wait_for_end(process, 1s));
  pending.receive([](const peer::encoded_term&) { CAF_ERROR("the call returned"); },
                  [](const caf::error& err) { CAF_CHECK_EQUAL(err, peer::errc::noproc); });
}

CAF_TEST(an exit message with a reason stops the peer in order) {
  auto worker = start(erl());
  auto watch = end_watch{*sys, worker.actor()};
  caf::anon_send_exit(worker.actor(), caf::exit_reason::user_shutdown);
  CAF_CHECK_EQUAL(watch.reason(), caf::exit_reason::user_shutdown);
  CAF_CHECK(children().empty()); // the control actor exits after its process
}

// -- start_link -------------------------------------------------------------------------------------------------------

CAF_TEST(the end of the parent stops the peer even if it is a normal one) {
  for (auto reason : {caf::exit_reason::normal, caf::exit_reason::user_shutdown}) {
    auto started = std::promise<peer::handle>{};
    auto finish = std::promise<void>{};
    auto parent = sys->spawn<caf::detached>([&](caf::blocking_actor* self) {
      started.set_value(value_of(peer::start_link(self, erl())));
      finish.get_future().wait();
      self->fail_state(reason == caf::exit_reason::normal ? caf::error{} : caf::make_error(reason));
    });
    auto worker = started.get_future().get();
    check_alive(worker);
    auto watch = end_watch{*sys, worker.actor()};
    finish.set_value();
    CAF_CHECK_EQUAL(watch.reason(), caf::make_error(reason));
    CAF_CHECK(children().empty());
  }
}

CAF_TEST(a peer that crashes takes its parent along) {
  auto notice = std::promise<peer::start_notice>{};
  auto parent = sys->spawn([&](caf::event_based_actor* self) -> caf::behavior {
    auto options = erl();
    options.peer_down = peer::peer_down::crash;
    options.wait_boot = peer::notify{self, atom{"mine"}};
    CAF_CHECK(peer::start_link(self, std::move(options)));
    return {[&](const peer::start_notice& x) { notice.set_value(x); }};
  });
  auto control = caf::actor_cast<peer::control_actor>(notice.get_future().get().control);
  auto watch = end_watch{*sys, parent};
  kill(process_of(peer::handle{*sys, control, atom{}}), SIGKILL);
  check_reason(watch.reason(), "{exit_status, 137}"_term);
}

CAF_TEST(a parent that blocks receives the end as a message) {
  auto self = caf::scoped_actor{*sys};
  auto options = erl();
  options.peer_down = peer::peer_down::crash;
  auto worker = value_of(peer::start_link(self.ptr(), std::move(options)));
  kill(process_of(worker), SIGKILL);
  self->receive(
      [&](const caf::exit_msg& end) {
        CAF_CHECK_EQUAL(end.source, worker.actor().address());
        check_reason(end.reason, "{exit_status, 137}"_term);
      },
      caf::after(patience) >> [] { CAF_FAIL("no exit message arrived"); });
}

CAF_TEST(an actor that must not block starts a linked peer) {
  auto notice = std::promise<peer::start_notice>{};
  auto parent = sys->spawn([&](caf::event_based_actor* self) -> caf::behavior {
    auto options = erl();
    options.wait_boot = peer::notify{self, atom{"mine"}};
    auto worker = value_of(peer::start_link(self, std::move(options)));
    return {[&](const peer::start_notice& x) { notice.set_value(x); }};
  });
  auto arrived = notice.get_future().get();
  CAF_CHECK(!arrived.reason);
  auto watch = end_watch{*sys, arrived.control};
  caf::anon_send_exit(parent, caf::exit_reason::user_shutdown);
  CAF_CHECK_EQUAL(watch.reason(), caf::exit_reason::user_shutdown);
  CAF_CHECK(children().empty());
}

CAF_TEST(a linked start that fails reports the error) {
  auto result = std::promise<caf::error>{};
  auto parent = sys->spawn<caf::detached>([&](caf::blocking_actor* self) {
    auto options = script("exit 7");
    options.peer_down = peer::peer_down::stop;
    result.set_value(error_of(peer::start_link(self, std::move(options))));
  });
  auto err = result.get_future().get();
  CAF_CHECK_EQUAL(peer::to_reason(err), "{boot_failed, {exit_status, 7}}"_term);
}

// -- the connection ends first ----------------------------------------------------------------------------------------

CAF_TEST(a peer that closes its stream is ended) {
  auto options = script(shell_print(started_frame().bytes()) + "; exec >&-; trap '' TERM; cat >&2; sleep 1000");
  options.peer_down = peer::peer_down::crash;
  options.shutdown = peer::shutdown_close{};
  auto began = std::chrono::steady_clock::now();
  auto worker = start(std::move(options));
  auto reason = end_watch{*sys, worker.actor()}.reason();
  CAF_CHECK_LESS(std::chrono::steady_clock::now() - began, 1500ms);
  auto details = peer::failure_of(reason);
  CAF_REQUIRE(details != nullptr);
  CAF_CHECK_EQUAL(details->at, peer::phase::running);
  check_contains(details->cause, "closed the connection");
  CAF_CHECK_EQUAL(peer::to_reason(reason), "{exit_status, 137}"_term);
}

// -- several peers ----------------------------------------------------------------------------------------------------

CAF_TEST(one peer dies and another goes on) {
  auto first = start_with(peer::peer_down::crash);
  auto second = start_with(peer::peer_down::crash);
  CAF_CHECK_NOT_EQUAL(process_of(first), process_of(second));
  auto watch = end_watch{*sys, first.actor()};
  kill(process_of(first), SIGKILL);
  check_reason(watch.reason(), "{exit_status, 137}"_term);
  check_alive(second);
  CAF_CHECK_EQUAL(value_of(second.get_state()).state, peer::peer_state::running);
  CAF_CHECK_EQUAL(children().size(), 1u);
}

CAF_TEST_FIXTURE_SCOPE_END()
