// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What waits has a limit, and who is slow is nobody else's problem.

#define CAF_SUITE peer.system.flow

#include "peer/functions.hpp"
#include "peer/group.hpp"
#include "peer/supervisor.hpp"
#include "support/look_until.hpp"
#include "support/peak_memory.hpp"
#include "support/system_fixture.hpp"

#include <algorithm>
#include <atomic>
#include <csignal>
#include <future>
#include <thread>
#include <vector>

using namespace peer::test;
using namespace std::literals;

using peer::atom;
using peer::errc;
using peer::term;

namespace {

struct fixture : system_fixture {
  peer::start_options node() const {
    auto result = erl();
    result.exec = peer::exec{TEST_NODE};
    result.connection = peer::inherited{};
    return result;
  }

  static bool refused(const peer::handle& worker) {
    auto result = worker.within(patience).call<term>("calls", "count");
    return !result && peer::describe(result.error()).find("system_limit") != std::string::npos;
  }

  /// Casts to processes that do not read: 64 MiB may wait for each of them, and the window in each mailbox.
  static void check_that_casts_wait(const auto& target, const std::vector<pid_t>& processes) {
    auto record = peak_memory{};
    auto text = std::string(1 << 20, 'x');
    for (auto process : processes)
      kill(process, SIGSTOP);
    for (auto i = 0; i < 1000; ++i)
      static_cast<void>(target.cast("calls", "count", text));
    CAF_CHECK_LESS(record.growth(), (std::size_t{400} << 20) + kept_by_sanitizer);
    for (auto process : processes)
      kill(process, SIGCONT);
  }
};

/// Calls and casts without waiting for answers, until it is told to end, and counts how the calls end.
class flood {
public:
  flood(caf::actor_system& sys, peer::handle target) : self_(sys), target_(std::move(target)) {}

  void run(const std::atomic<bool>& end) {
    while (!end) {
      static_cast<void>(target_.cast("calls", "count", std::string(16384, 'x')));
      self_->send(target_.actor(), peer::call_request{"calls", "count", *peer::encode_arguments(), caf::infinite});
      ++calls_;
      static_cast<void>(target_.get_state()); // the control actor has taken them
      count(0s);
    }
  }

  /// Waits for the rest of the answers.
  void finish() {
    while (answered + refused + failed < calls_)
      if (!count(patience))
        CAF_FAIL("calls were not answered");
  }

  int answered = 0;
  int refused = 0;
  int failed = 0; ///< in another way

private:
  /// Counts an answer if there is one.
  bool count(caf::timespan wait) {
    auto found = true;
    self_->receive([this](peer::encoded_term&) { ++answered; },
                   [this](caf::error& why) { ++(why == errc::overload ? refused : failed); },
                   caf::after(wait) >> [&found] { found = false; });
    return found;
  }

  caf::scoped_actor self_;
  peer::handle target_;
  int calls_ = 0;
};

/// Calls each of the peers that often, all at the same time, while the flood goes on. Returns how long that took.
caf::timespan call_all(const std::vector<peer::handle>& peers, int calls, flood& beside) {
  auto end = std::atomic<bool>{false};
  auto flooding = std::thread{[&] { beside.run(end); }};
  auto began = std::chrono::steady_clock::now();
  auto running = std::vector<std::future<int>>{};
  for (auto& worker : peers)
    running.push_back(std::async(std::launch::async, [&worker, calls] {
      auto answered = 0;
      for (auto i = 0; i < calls; ++i) {
        static_cast<void>(worker.cast("calls", "count", i));
        answered += worker.within(patience).call<int>("calls", "count", i) ? 1 : 0;
      }
      return answered;
    }));
  for (auto& answered : running)
    CAF_CHECK_EQUAL(answered.get(), calls);
  auto result = caf::timespan{std::chrono::steady_clock::now() - began};
  end = true;
  flooding.join();
  return result;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(flow_tests, fixture)

CAF_TEST(a peer that stands still holds up no other) {
  constexpr auto calls = 1000;
  auto options = node();
  options.queue_limit = 4 << 20;
  options.max_calls = 100;
  auto slow = start(options);
  auto others = std::vector<peer::handle>{};
  for (auto i = 0; i < 7; ++i)
    others.push_back(start(options));
  auto beside = flood{*sys, slow};
  auto before = call_all(others, calls, beside);
  beside.finish();
  auto record = peak_memory{};
  auto answered = beside.answered;
  auto refused = beside.refused;
  kill(process_of(slow), SIGSTOP);
  auto during = call_all(others, calls, beside);
  CAF_CHECK_LESS(during, caf::timespan{10 * before + 5s}); // one that held them up would do so for ever
  CAF_MESSAGE(caf::deep_to_string(before) << " before, " << caf::deep_to_string(during) << " during");
  CAF_CHECK_GREATER(beside.refused, refused);
  CAF_CHECK_LESS(beside.answered - answered, static_cast<int>(options.max_calls));
  CAF_CHECK_EQUAL(beside.failed, 0);
  CAF_CHECK_LESS(record.growth(), (std::size_t{64} << 20) + kept_by_sanitizer);
  kill(process_of(slow), SIGCONT);
  beside.finish();
  CAF_CHECK_EQUAL(beside.failed, 0);
  CAF_CHECK(slow.within(patience).call<int>("calls", "count"));
}

CAF_TEST(a node whose functions are all busy refuses what is beyond its limit) {
  auto worker = start(node());
  for (auto i = std::size_t{0}; i < peer::defaults::max_workers; ++i)
    CAF_CHECK(!worker.cast("gate", "wait"));
  for (auto i = std::size_t{0}; i < peer::defaults::max_waiting_jobs; ++i)
    static_cast<void>(worker.cast("calls", "count"));
  CAF_CHECK(refused(worker));
  CAF_CHECK(!worker.cast("calls", "add", 1, 2));
  CAF_CHECK(!worker.cast("calls", "add", 1, 2));
  CAF_CHECK(refused(worker));
  CAF_CHECK(!worker.send("gate", atom{"open"}));
  CAF_CHECK(look_until([&] { return static_cast<bool>(worker.within(patience).call<int>("calls", "count", 1)); }));
  CAF_CHECK(worker.stop());
  auto lines = console.lines(peer::stream::standard_error);
  CAF_CHECK_EQUAL(std::count_if(lines.begin(), lines.end(),
                                [](auto& x) {
                                  return x.find("cast of calls:add failed: error, system_limit") != std::string::npos;
                                }),
                  1);
}

CAF_TEST(functions of this process refuse what is beyond the limit) {
  auto here = peer::functions{};
  auto open = std::promise<void>{};
  auto opened = open.get_future().share();
  here.function("here", "wait", [opened] { opened.wait(); });
  here.function("here", "run", [] {});
  auto tree = value_of(peer::start_supervisor(*sys, {.children = {{.id = "here", .start = here.in_process()}}}));
  auto child = value_of(tree.child("here"));
  for (auto i = std::size_t{0}; i < peer::defaults::max_workers; ++i)
    CAF_CHECK(!child.cast("here", "wait"));
  for (auto i = std::size_t{0}; i < peer::defaults::max_waiting_jobs; ++i)
    static_cast<void>(child.cast("here", "run"));
  auto refused = error_of(child.within(patience).call<void>("here", "run"));
  CAF_CHECK_EQUAL(refused, errc::overload);
  check_contains(peer::describe(refused), "262144 calls and casts are already waiting");
  open.set_value();
  CAF_CHECK(look_until([&] { return static_cast<bool>(child.within(patience).call<void>("here", "run")); }));
  CAF_CHECK_EQUAL(tree.stop(), caf::error{});
}

CAF_TEST(a thread that casts on and on waits for the control actor) {
  auto worker = start(node());
  check_that_casts_wait(worker, {process_of(worker)});
  CAF_CHECK(look_until([&] { return static_cast<bool>(worker.within(patience).call<int>("calls", "count")); }));
}

CAF_TEST(a thread that casts to a child waits as well) {
  auto tree = value_of(peer::start_supervisor(*sys, {.children = {{.id = "worker", .start = node()}}}));
  auto child = value_of(tree.child("worker"));
  check_that_casts_wait(child, {static_cast<pid_t>(*value_of(child.info()).process_id)});
  CAF_CHECK(look_until([&] { return static_cast<bool>(child.within(patience).call<int>("calls", "count")); }));
  CAF_CHECK_EQUAL(tree.stop(), caf::error{});
}

CAF_TEST(a thread that casts to a group waits for each member) {
  auto members = value_of(peer::start_group(*sys, {.each = node(), .size = 2}));
  check_that_casts_wait(members, {process_of(members[0]), process_of(members[1])});
  for (auto& member : members)
    CAF_CHECK(look_until([&] { return static_cast<bool>(member.within(patience).call<int>("calls", "count")); }));
  members.stop();
}

CAF_TEST_FIXTURE_SCOPE_END()
