// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Real processes and what they leave behind, without a control actor. bash connects with its /dev/tcp.

#define CAF_SUITE peer.origin.incarnation

#include "loop/event_loop.hpp"
#include "origin/incarnation.hpp"
#include "tests/unit/process/subprocess_fixture.hpp"

#include <atomic>
#include <csignal>
#include <future>
#include <thread>
#include <utility>

#include <poll.h>
#include <sys/resource.h>

using namespace peer::test;

namespace {

/// Notes what comes, and tells when it is over.
struct recorder final : peer::internal::origin::incarnation::listener {
  void on_frame(peer::const_byte_span payload) override { frames.push_back(payload.size()); }

  void on_text(peer::const_byte_span) override {
    if (!std::exchange(has_printed, true))
      printed.set_value();
  }

  void on_stderr(peer::const_byte_span) override {}

  void on_closed(caf::error why) override {
    closed_in_order = !why && !status;
    complaint = why ? error_text(why) : std::string{};
  }

  void on_connected() override { connected.set_value(); }

  void on_spawned() override {}

  void on_not_spawned(caf::error why) override {
    complaint = error_text(why);
    over.set_value();
  }

  void on_exit(const peer::exit_status& how, const std::vector<peer::survivor>&) override {
    status = how;
    over.set_value();
  }

  std::vector<std::size_t> frames;
  bool closed_in_order = false;
  std::string complaint;
  std::optional<peer::exit_status> status;
  bool has_printed = false;
  std::promise<void> printed;
  std::promise<void> connected;
  std::promise<void> over;
};

struct fixture {
  fixture() {
    alarm(60); // a hang ends the program
    sys.emplace(config);
    loop = *peer::internal::loop::event_loop::of(*sys);
  }

  ~fixture() {
    loop.reset();
    sys.reset();
    CAF_CHECK_EQUAL(guard.complaints(), std::vector<std::string>{});
    alarm(0);
  }

  /// Does something on the loop.
  void on_loop(std::function<void()> what) {
    auto done = std::promise<void>{};
    loop->post([&] {
      what();
      done.set_value();
    });
    done.get_future().wait();
  }

  /// Starts a script of bash's, which finds the origin at $address and $port.
  void start(const std::string& script) {
    auto options = peer::start_options{};
    options.exec = peer::exec{"bash", {"-c", "address=$4 port=$5; " + script}};
    options.connection = peer::tcp{};
    on_loop([&] { life = unbox(peer::internal::origin::process_launcher(loop)(options, seen)); });
  }

  void await_end() {
    seen.over.get_future().wait();
    on_loop([&] { life.reset(); });
  }

  process_guard guard;
  caf::actor_system_config config;
  std::optional<caf::actor_system> sys;
  peer::internal::loop::event_loop_ptr loop;
  recorder seen;
  std::unique_ptr<peer::internal::origin::incarnation> life; // on the loop
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(incarnation_tests, fixture)

CAF_TEST(what a process wrote over tcp before it ended arrives before its end is told) {
  // 8 MiB: when the process ends, some of that is still in the kernel's buffer for its socket.
  start("exec 5<>/dev/tcp/$address/$port; printf '\\0\\200\\0\\0' >&5; head -c 8388608 /dev/zero >&5; exit 3");
  await_end();
  CAF_CHECK_EQUAL(seen.frames, std::vector{std::size_t{8388608}});
  CAF_CHECK(seen.closed_in_order);
  CAF_CHECK_EQUAL(seen.complaint, "");
  CAF_CHECK_EQUAL(seen.status->value, 3);
}

CAF_TEST(a process that cannot be started is reported later) {
  auto options = peer::start_options{};
  options.exec = peer::exec{"/nonexistent"};
  on_loop([&] { life = unbox(peer::internal::origin::process_launcher(loop)(options, seen)); });
  await_end();
  CAF_CHECK_EQUAL(seen.complaint, "cannot execute '/nonexistent': No such file or directory");
}

CAF_TEST(a process that is not wanted any more when it has been started is killed) {
  for (auto round = 0; round < 20; ++round)
    on_loop([&] {
      auto options = peer::start_options{};
      options.exec = peer::exec{"sleep", {"1000"}};
      options.connection = peer::inherited{};
      unbox(peer::internal::origin::process_launcher(loop)(options, seen)).reset();
    });
  // The fixture finds what is left.
}

CAF_TEST(processes are started by one thread that lives as long as the loop) {
  // The signal at the end of the parent thread would kill the process.
  auto options = peer::start_options{};
  options.exec =
      peer::exec{"setpriv", {"--pdeathsig", "KILL", "bash", "-c", "exec 5<>/dev/tcp/$4/$5; read <&5; exit 3"}};
  options.connection = peer::tcp{};
  std::thread{[&] {
    setpriority(PRIO_PROCESS, 0, 5);
    auto launched = std::atomic<bool>{false};
    loop->post([&] {
      life = unbox(peer::internal::origin::process_launcher(loop)(options, seen));
      launched = true;
    });
    while (!launched)
      poll(nullptr, 0, 1);
  }}.join();
  seen.connected.get_future().wait();
  on_loop([&] {
    CAF_CHECK_EQUAL(getpriority(PRIO_PROCESS, static_cast<id_t>(life->process_id())), getpriority(PRIO_PROCESS, 0));
    life->close();
  });
  await_end();
  CAF_CHECK_EQUAL(seen.status->value, 3);
}

CAF_TEST(a process inherits the environment from when its launcher was made) {
  auto launcher = peer::internal::origin::process_launcher(loop);
  setenv("LIBPEER_TEST_LATER", "1", 1);
  auto path = std::string{getenv("PATH")};
  setenv("PATH", "/nonexistent", 1);
  auto options = peer::start_options{};
  options.exec = peer::exec{"bash", {"-c", "[ -z \"$LIBPEER_TEST_LATER\" ] && exit 3"}};
  options.connection = peer::tcp{};
  on_loop([&] { life = unbox(launcher(options, seen)); });
  await_end();
  unsetenv("LIBPEER_TEST_LATER");
  setenv("PATH", path.c_str(), 1);
  CAF_REQUIRE(seen.status);
  CAF_CHECK_EQUAL(seen.status->value, 3);
}

CAF_TEST(a stream over tcp that somebody else keeps open does not keep the end back) {
  // The other process has left the group, which is killed, when the script prints, and ends when the connection does.
  start("exec 5<>/dev/tcp/$address/$port; printf '\\0\\0\\0\\1x' >&5; "
        "read < <(setsid sh -c 'echo; exec cat <&5 >/dev/null 2>&1'); echo; exec sleep 1000");
  seen.connected.get_future().wait(); // whose socket it is cannot be found out when the process has ended
  seen.printed.get_future().wait();
  on_loop([&] { life->signal(SIGTERM, peer::internal::process::signal_scope::process); });
  await_end();
  CAF_CHECK_EQUAL(seen.frames, std::vector{std::size_t{1}});
  CAF_CHECK(!seen.closed_in_order);
  CAF_CHECK_EQUAL(seen.status->value, SIGTERM);
}

CAF_TEST_FIXTURE_SCOPE_END()
