// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Calls and casts from the queue to their answers.

#define CAF_SUITE peer.node.call_runner

#include "loop_fixture.hpp"
#include "node/call_runner.hpp"
#include "peer/control_actor.hpp"
#include "peer/convert.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "tests/support/look_until.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <atomic>
#include <chrono>
#include <future>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>

using namespace std::literals;

using peer::atom;
using peer::internal::node::call_runner;
using peer::internal::node::outcome;
using peer::test::look_until;

namespace {

constexpr auto limits = peer::internal::node::load_limits{.jobs = 3, .bytes = 1000};

/// "ok 3" or "error {…}"
std::string text_of_outcome(const outcome& how) {
  auto result = peer::load_term<peer::term>(how.result);
  return std::string{peer::internal::wire::to_string(how.cls)} + " " + (result ? to_string(*result) : "");
}

struct used_by_functions {
  std::shared_ptr<peer::internal::node::function_table> table =
      std::make_shared<peer::internal::node::function_table>();
  std::atomic<std::uint32_t> pids = 0;
  std::promise<void> open;
  std::shared_future<void> opened{open.get_future()};
  bool is_open = false;
  std::atomic<bool> stop_seen = false;
  bool may_begin = true; // on the loop
  std::map<std::string, std::string> answers;
  std::promise<std::string> failed_casts;
};

struct fixture : peer::test::loop_fixture<used_by_functions> {
  fixture() {
    add("add", [](int x, int y) { return x + y; });
    add("fail", [] { throw std::runtime_error{"why not"}; });
    add("wait", [this] { opened.wait(); });
    add("patient", [this](std::stop_token stop) {
      look_until([&] { return stop.stop_requested(); });
      stop_seen = stop.stop_requested();
    });
    add("self", [](const peer::call_context& context) { return context.self; });
    on_loop([this] {
      runner = std::make_shared<call_runner>(
          where, limits,
          call_runner::environment{table,
                                   [this] {
                                     return peer::pid{atom{"node@host"}, ++pids, 0, 0};
                                   },
                                   [this](const auto& what, const outcome& how) {
                                     failed_casts.set_value(what.function + ": " + text_of_outcome(how));
                                   }},
          [this] { return may_begin; });
    });
  }

  ~fixture() {
    let_go();
    on_loop([this] { runner.reset(); });
  }

  template <class F>
  void add(std::string_view name, F f) {
    using maker = peer::detail::maker_of<F>;
    table->add("m", name, maker::arity, maker::make(std::move(f)));
  }

  void let_go() {
    if (!std::exchange(is_open, true))
      open.set_value();
  }

  template <class... Ts>
  peer::internal::node::invocation invocation_of(const std::string& function, const Ts&... args) {
    auto encoded = *peer::encode_arguments(args...);
    auto found = runner->find("m", function, encoded);
    return {found, "m", function, std::move(encoded)};
  }

  /// Notes the answer of the call with that name.
  call_runner::answered note(const std::string& name) {
    return [this, name](const caf::error& failed, const outcome& how) {
      auto misplaced = !where->in_this_thread() || answers.contains(name); // checks are for the test's own thread
      answers[name] = misplaced ? "misplaced" : failed ? to_string(failed) : text_of_outcome(how);
    };
  }

  /// Calls a function without arguments. Its name is also that of the answer.
  call_runner::call_id call(const std::string& function, caf::timespan timeout = caf::infinite) {
    return call_as(function, function, timeout);
  }

  call_runner::call_id call_as(const std::string& name, const std::string& function,
                               caf::timespan timeout = caf::infinite) {
    return result_on_loop([&] { return runner->run(invocation_of(function), note(name), timeout); });
  }

  /// Waits for the answer of that name.
  std::string answer(const std::string& name) {
    CAF_CHECK(look_until([&] { return answered(name); }));
    return result_on_loop([&] { return answers[name]; });
  }

  bool answered(const std::string& name) {
    return result_on_loop([&] { return answers.contains(name); });
  }

  bool waits(std::size_t count) {
    return result_on_loop([&] { return runner->waiting(); }) == count;
  }

  /// Stops the runner. Ready when nothing runs any more.
  std::future<void> stop() {
    auto idle = std::make_shared<std::promise<void>>();
    on_loop([&] { runner->stop([idle] { idle->set_value(); }); });
    return idle->get_future();
  }

  static bool is_ready(const std::future<void>& x) { return x.wait_for(0s) == std::future_status::ready; }

  std::shared_ptr<call_runner> runner;
};

constexpr auto late = 1ms;

} // namespace

CAF_TEST_FIXTURE_SCOPE(call_runner_tests, fixture)

CAF_TEST(a call is answered on the loop with its result) {
  on_loop([this] { runner->run(invocation_of("add", 1, 2), note("sum")); });
  CAF_CHECK_EQUAL(answer("sum"), "ok 3");
}

CAF_TEST(a call that fails is answered with its exception) {
  call("fail");
  CAF_CHECK_EQUAL(answer("fail"), "error {{'std::runtime_error',<<\"why not\">>},[{m,fail,0,[]}]}");
  call("nothing");
  CAF_CHECK(answer("nothing").starts_with("error {undef,"));
}

CAF_TEST(each call has a pid of its own) {
  call_as("first", "self");
  auto first = answer("first");
  call_as("second", "self");
  CAF_CHECK(first.starts_with("ok "));
  CAF_CHECK_NOT_EQUAL(answer("second"), first);
}

CAF_TEST(a cast that fails is reported) {
  on_loop([this] { runner->run(invocation_of("fail"), {}); });
  CAF_CHECK(failed_casts.get_future().get().starts_with("fail: error {"));
}

CAF_TEST(a call that is late is answered once and its stop is requested) {
  call("patient", late);
  CAF_CHECK_EQUAL(answer("patient"), to_string(caf::make_error(peer::errc::timeout)));
  CAF_CHECK(look_until([this] { return stop_seen.load(); }));
  stop().wait(); // after its return, which the answer has not waited for
}

CAF_TEST(deadlines pass in their order whatever the order of the calls) {
  call_as("hour", "wait", 1h);
  auto timeout = to_string(caf::make_error(peer::errc::timeout));
  auto at_once = false;
  auto first_before_second = false;
  while (!at_once) { // otherwise the deadline of the first one may be the later one
    on_loop([&] {
      answers.clear();
      auto began = std::chrono::steady_clock::now();
      runner->run(invocation_of("wait"), note("second"), 2 * late);
      runner->run(invocation_of("wait"), note("first"), late);
      at_once = std::chrono::steady_clock::now() - began < late;
    });
    CAF_CHECK_EQUAL(answer("second"), timeout);
    first_before_second = answered("first");
    CAF_CHECK_EQUAL(answer("first"), timeout);
  }
  CAF_CHECK(first_before_second);
  CAF_CHECK(!answered("hour"));
  call_as("third", "wait", late);
  CAF_CHECK_EQUAL(answer("third"), timeout);
  let_go();
  CAF_CHECK_EQUAL(answer("hour"), "ok ok");
}

CAF_TEST(a call that is answered in time does not time out) {
  on_loop([this] { runner->run(invocation_of("add", 1, 2), note("sum"), 1h); });
  CAF_CHECK_EQUAL(answer("sum"), "ok 3");
  call("wait", late);
  CAF_CHECK_EQUAL(answer("wait"), to_string(caf::make_error(peer::errc::timeout)));
}

CAF_TEST(a call that is cancelled is answered with its result) {
  auto id = call("patient");
  on_loop([&] { runner->cancel(id); });
  CAF_CHECK_EQUAL(answer("patient"), "ok ok");
  CAF_CHECK(stop_seen);
  on_loop([&] { runner->cancel(id); }); // no effect
}

CAF_TEST(functions that may not begin wait until they may) {
  on_loop([this] { may_begin = false; });
  call_as("1", "self");
  call_as("2", "self");
  CAF_CHECK(waits(2));
  on_loop([this] { CAF_CHECK(!runner->reconsider()); });
  CAF_CHECK(waits(2));
  on_loop([this] {
    may_begin = true;
    CAF_CHECK(runner->reconsider());
  });
  CAF_CHECK(answer("1").starts_with("ok "));
  CAF_CHECK(answer("2").starts_with("ok "));
}

CAF_TEST(a call that waits may time out) {
  on_loop([this] { may_begin = false; });
  call("self", late);
  CAF_CHECK_EQUAL(answer("self"), to_string(caf::make_error(peer::errc::timeout)));
}

CAF_TEST(only so many calls may wait) {
  on_loop([this] { may_begin = false; });
  for (auto name : {"1", "2", "3"}) {
    on_loop([this] { CAF_CHECK(runner->has_room()); });
    call_as(name, "self");
  }
  on_loop([this] { CAF_CHECK(!runner->has_room()); });
}

CAF_TEST(an urgent call begins although no other may) {
  on_loop([this] { may_begin = false; });
  call("wait");
  on_loop([this] {
    CAF_CHECK(!runner->reconsider());
    runner->run_at_once(invocation_of("self"), note("urgent"));
  });
  CAF_CHECK(answer("urgent").starts_with("ok "));
  CAF_CHECK(waits(1));
}

CAF_TEST(a stop lets functions finish and answers their calls) {
  call("wait");
  call("patient");
  auto idle = stop();
  CAF_CHECK_EQUAL(answer("patient"), "ok ok");
  CAF_CHECK(stop_seen);
  CAF_CHECK(!is_ready(idle));
  let_go();
  idle.wait();
  CAF_CHECK_EQUAL(answer("wait"), "ok ok");
}

CAF_TEST(a stop does not wait for functions that may not begin) {
  on_loop([this] { may_begin = false; });
  call("wait");
  stop().wait();
  CAF_CHECK(waits(0));
  CAF_CHECK(!answered("wait"));
}

CAF_TEST(a runner without calls stops at once) {
  CAF_CHECK(is_ready(stop()));
}

CAF_TEST(calls that are abandoned are answered with the reason) {
  call("wait");
  call("patient", 1h);
  auto why = caf::make_error(peer::errc::noproc, "enough"s);
  on_loop([&] { runner->abandon(why); });
  CAF_CHECK(answered("wait"));
  CAF_CHECK_EQUAL(answer("wait"), to_string(why));
  CAF_CHECK_EQUAL(answer("patient"), to_string(why));
  CAF_CHECK(look_until([this] { return stop_seen.load(); }));
  let_go();
  stop().wait(); // their results are dropped
}

CAF_TEST(functions may outlive the runner) {
  auto began = std::make_shared<std::promise<void>>();
  add("begin", [this, began] {
    began->set_value();
    opened.wait();
  });
  call("begin");
  began->get_future().wait();
  on_loop([this] { runner.reset(); });
  CAF_CHECK(!answered("begin"));
}

CAF_TEST_FIXTURE_SCOPE_END()
