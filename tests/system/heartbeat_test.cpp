// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Peers that hang are found, and busy ones are left alone.

#define CAF_SUITE peer.system.heartbeat

#include "support/look_until.hpp"
#include "support/system_fixture.hpp"

#include <csignal>

using namespace peer::test;
using namespace std::chrono_literals;

namespace {

/// Finds a peer that hangs soon.
constexpr auto quick = peer::heartbeat{20ms, 1s, 50ms};

/// Asks often and is patient: a machine with other work must not make a good peer hang.
constexpr auto patient = peer::heartbeat{5ms, patience};

struct fixture : system_fixture {
  static peer::start_options watched(peer::start_options options, const peer::heartbeat& how) {
    options.wait_boot = caf::timespan{patience};
    options.peer_down = peer::peer_down::crash;
    options.heartbeat = how;
    return options;
  }

  /// Waits for the peer's end and checks that it was found to hang.
  static void check_hung(end_watch& watch, std::vector<int> statuses) {
    auto why = watch.reason();
    auto details = peer::failure_of(why);
    if (details == nullptr)
      CAF_FAIL("no end of a peer: " << peer::describe(why));
    CAF_CHECK_EQUAL(details->first, peer::evidence::heartbeat);
    check_contains(details->cause, "no answer to the heartbeat within 1s");
    auto status = end_status(why);
    CAF_MESSAGE(status);
    CAF_CHECK(std::find(statuses.begin(), statuses.end(), status) != statuses.end());
  }

  /// Stops the process of a peer, which then hangs.
  void check_stopped(peer::start_options options) {
    auto worker = start(watched(std::move(options), quick));
    auto watch = end_watch{*sys, worker.actor()};
    kill(process_of(worker), SIGSTOP);
    check_hung(watch, {128 + SIGKILL}); // it cannot take SIGABRT
  }

  /// Waits until the peer has answered some questions. Each call has a number.
  void await_answers(const peer::handle& worker) {
    auto calls = [&] {
      auto state = value_of(worker.state());
      return *state.get_if<peer::erl::map>()->find(peer::atom{"seq"})->get_if<std::int64_t>();
    };
    auto before = calls();
    CAF_CHECK(look_until([&] { return calls() >= before + 20; }));
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(heartbeat_tests, fixture)

CAF_TEST(a C++ peer that is stopped is found over every connection) {
  for (auto& kind : std::vector<peer::connection_kind>{peer::inherited{}, peer::standard_io{}, peer::tcp{}}) {
    CAF_MESSAGE(peer::to_string(kind));
    check_stopped({.exec = peer::exec{PEER_NODE}, .connection = kind});
  }
}

CAF_TEST(an erl that is stopped is found) {
  check_stopped(erl());
}

CAF_TEST(a C++ peer whose loop is held up is found and gets the signal for a core) {
  auto worker = start(watched({.exec = peer::exec{TEST_NODE}}, quick));
  auto watch = end_watch{*sys, worker.actor()};
  CAF_CHECK(!worker.cast("process", "block_loop"));
  check_hung(watch, {128 + SIGABRT});
}

CAF_TEST(a C++ peer lives whose functions are all busy) {
  auto worker = start(watched({.exec = peer::exec{TEST_NODE}}, patient));
  constexpr auto most = static_cast<int>(peer::defaults::max_workers) - 2; // the loop has a thread, and so has wait_for
  for (auto i = 0; i < most; ++i)
    CAF_CHECK(!worker.cast("gate", "wait"));
  value_of(worker.within(patience).call<void>("gate", "wait_for", most));
  for (auto i = 0; i < 10; ++i)
    CAF_CHECK(!worker.cast("gate", "wait"));
  CAF_CHECK_EQUAL(error_of(worker.within(100ms).call<int>("calls", "add", 1, 2)), peer::errc::timeout);
  await_answers(worker);
  CAF_CHECK_EQUAL(error_of(worker.within(100ms).call<int>("calls", "add", 1, 2)), peer::errc::timeout);
}

CAF_TEST(an erl lives that is busy) {
  auto worker = start(watched(erl(), patient));
  CAF_CHECK(!worker.cast("timer", "sleep", peer::atom{"infinity"}));
  await_answers(worker);
  CAF_CHECK(worker.stop());
}

CAF_TEST_FIXTURE_SCOPE_END()
