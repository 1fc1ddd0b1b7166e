// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.loop

#include "loop/event_loop.hpp"
#include "loop/pinned.hpp"
#include "loop/quiet_thread.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <array>
#include <atomic>
#include <csignal>
#include <future>
#include <optional>
#include <stdexcept>
#include <system_error>

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

using namespace std::chrono_literals;

using peer::internal::loop::event_loop;

namespace {

std::atomic<int> instances = 0;

/// Answers questions about where it runs; `instances` counts them.
class probe : public peer::internal::loop::pinned<caf::event_based_actor> {
public:
  probe(caf::actor_config& cfg, peer::internal::loop::habitat where) : pinned(cfg, std::move(where)) { ++instances; }

  ~probe() override { --instances; }

  caf::behavior make_behavior() override {
    return {
        [this](caf::ok_atom) { return where().loop->in_this_thread(); },
        [this](caf::get_atom, const caf::actor& other) { return delegate(other, caf::ok_atom_v); },
        [this](caf::tick_atom) {
          auto promise = make_response_promise<bool>();
          run_delayed(5ms, [this, promise]() mutable { promise.deliver(where().loop->in_this_thread()); });
          return promise;
        },
        [this](caf::close_atom) { quit(caf::sec::runtime_error); },
    };
  }
};

/// An actor system that the test can end where it wants to. A hang ends the program.
struct fixture {
  fixture() {
    alarm(60);
    config.set("caf.scheduler.policy", "sharing");
    sys.emplace(config);
  }

  ~fixture() {
    sys.reset();
    alarm(0);
  }

  caf::actor spawn_probe() { return peer::internal::loop::spawn_pinned<probe>(*sys, *event_loop::of(*sys)); }

  /// Waits until `loop` has done all that was posted to it before.
  static void sync(const peer::internal::loop::event_loop_ptr& loop) {
    std::promise<void> done;
    loop->post([&] { done.set_value(); });
    done.get_future().wait();
  }

  caf::actor_system_config config;
  std::optional<caf::actor_system> sys;
};

/// The error of a request to a `probe`.
caf::error request(caf::actor_system& sys, const caf::actor& whom) {
  auto result = caf::error{};
  auto self = caf::scoped_actor{sys};
  self->request(whom, caf::infinite, caf::ok_atom_v)
      .receive([](bool) {}, [&result](caf::error& failed) { result = std::move(failed); });
  return result;
}

int open_descriptors() {
  auto result = 0;
  for (int fd = 0; fd < 1024; ++fd)
    if (fcntl(fd, F_GETFD) >= 0)
      ++result;
  return result;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(loop_tests, fixture)

CAF_TEST(a system has one loop) {
  CAF_CHECK_EQUAL(*event_loop::of(*sys), *event_loop::of(*sys));
}

CAF_TEST(pinned actors run on the loop and the actors that they call run elsewhere) {
  auto loop = *event_loop::of(*sys);
  auto pinned = spawn_probe();
  auto ordinary = sys->spawn([loop](caf::event_based_actor*) -> caf::behavior {
    return {[loop](caf::ok_atom) { return loop->in_this_thread(); }};
  });
  caf::scoped_actor self{*sys};
  auto ask = [&self](auto&&... what) {
    std::optional<bool> answer;
    self->request(what...).receive([&](bool x) { answer = x; }, [](const caf::error& err) { CAF_FAIL(err); });
    return answer;
  };
  CAF_CHECK_EQUAL(ask(pinned, 5s, caf::ok_atom_v), true);
  CAF_CHECK_EQUAL(ask(pinned, 5s, caf::get_atom_v, ordinary), false);
  CAF_CHECK_EQUAL(ask(pinned, 5s, caf::tick_atom_v), true);
}

CAF_TEST(a pinned actor tells its end through links and monitors) {
  auto pinned = spawn_probe();
  caf::scoped_actor self{*sys};
  self->monitor(pinned);
  caf::anon_send(pinned, caf::close_atom_v);
  self->receive([](const caf::down_msg& down) { CAF_CHECK_EQUAL(down.reason, caf::sec::runtime_error); });
  CAF_CHECK_EQUAL((*event_loop::of(*sys))->tenants(), 0u);
}

CAF_TEST(the system ends with live pinned actors) {
  caf::actor_addr address;
  {
    auto handle = spawn_probe();
    address = handle.address();
    auto keeps_itself = handle; // as an actor does that a pending operation refers to
    (*event_loop::of(*sys))->post([keeps_itself] {});
  }
  sys.reset();
  CAF_CHECK_EQUAL(instances.load(), 0);
}

CAF_TEST(the system ends with dead pinned actors whose handles live) {
  auto handle = spawn_probe();
  caf::anon_send(handle, caf::close_atom_v);
  sys.reset();
  CAF_CHECK_EQUAL(instances.load(), 1);
  caf::anon_send(handle, caf::ok_atom_v); // nobody receives it, nothing is touched that is gone
  handle = nullptr;
  CAF_CHECK_EQUAL(instances.load(), 0);
}

CAF_TEST(forgotten handles of live actors survive the system) {
  auto handle = spawn_probe();
  auto loop = *event_loop::of(*sys);
  sys.reset();
  caf::anon_send(handle, caf::ok_atom_v);
  handle = nullptr;
  CAF_CHECK_EQUAL(instances.load(), 0);
  CAF_CHECK_EQUAL(loop->tenants(), 0u);
}

CAF_TEST(an exception in the program ends the system in order) {
  auto before = instances.load();
  try {
    caf::actor_system inner{config};
    auto handle = peer::internal::loop::spawn_pinned<probe>(inner, *event_loop::of(inner));
    throw std::runtime_error("the user's");
  } catch (const std::runtime_error&) {
    CAF_CHECK_EQUAL(instances.load(), before);
  }
}

CAF_TEST(an ordinary actor that waits for a pinned one keeps the system as CAF does) {
  auto pinned = spawn_probe();
  sys->spawn([pinned](caf::event_based_actor* self) {
    self->request(pinned, 10s, caf::tick_atom_v).then([](bool on_loop) { CAF_CHECK(on_loop); });
  });
  pinned = nullptr;
  sys.reset();
  CAF_CHECK_EQUAL(instances.load(), 0);
}

CAF_TEST(systems come and go without leaving descriptors) {
  *event_loop::of(*sys);
  auto before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    caf::actor_system inner{config};
    auto handle = peer::internal::loop::spawn_pinned<probe>(inner, *event_loop::of(inner));
    (*event_loop::of(inner))->offload([] {});
  }
  CAF_CHECK_EQUAL(open_descriptors(), before);
}

CAF_TEST(the thread of the loop blocks all signals but those of a crash) {
  auto loop = *event_loop::of(*sys);
  std::promise<bool> blocked;
  loop->post([&] {
    sigset_t mask;
    pthread_sigmask(SIG_SETMASK, nullptr, &mask);
    blocked.set_value(sigismember(&mask, SIGCHLD) == 1 && sigismember(&mask, SIGPIPE) == 1
                      && sigismember(&mask, SIGSEGV) == 0);
  });
  CAF_CHECK(blocked.get_future().get());
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  CAF_CHECK_EQUAL(sigismember(&mask, SIGCHLD), 0);
}

CAF_TEST(offloaded work runs in order on a thread of its own) {
  auto loop = *event_loop::of(*sys);
  std::vector<int> order;
  std::promise<bool> on_loop;
  for (int i = 0; i < 3; ++i)
    loop->offload([&order, i] { order.push_back(i); });
  loop->offload([&] { on_loop.set_value(loop->in_this_thread()); });
  CAF_CHECK(!on_loop.get_future().get());
  CAF_CHECK_EQUAL(order, std::vector<int>({0, 1, 2}));
}

CAF_TEST(offloaded work that blocks delays its own queue only) {
  auto loop = *peer::internal::loop::event_loop::of(*sys);
  auto queues = std::array<int, 3>{};
  auto release = std::promise<void>{};
  auto released = release.get_future().share();
  auto order = std::vector<int>{};
  for (auto i : {0, 1}) // both block
    loop->offload(
        [&order, released, i] {
          released.wait();
          if (i == 0)
            order.push_back(0);
        },
        &queues[i]);
  loop->offload([&order] { order.push_back(1); }, &queues[0]);
  for (auto i = 0; i < 100; ++i) {
    auto done = std::promise<void>{};
    loop->offload([&done] { done.set_value(); }, &queues[2]);
    done.get_future().wait();
  }
  auto all = std::promise<void>{};
  auto all_done = all.get_future();
  loop->after_offloaded([&all] { all.set_value(); });
  CAF_CHECK(all_done.wait_for(std::chrono::seconds{0}) == std::future_status::timeout);
  release.set_value();
  all_done.wait();
  CAF_CHECK_EQUAL(order, std::vector<int>({0, 1}));
}

CAF_TEST(the spin is a setting) {
  put(config.content, "peer.spin", caf::timespan{0});
  caf::actor_system inner{config};
  auto loop = *event_loop::of(inner);
  CAF_CHECK_EQUAL(loop->spin().count(), 0);
  sync(loop); // it sleeps at once and still wakes up
}

CAF_TEST(while a system ends its loop can be found and takes no new work) {
  auto& ending = *sys;
  auto loop = *event_loop::of(ending);
  auto pinned = spawn_probe();
  auto found = std::promise<bool>{};
  auto refused = std::promise<caf::error>{};
  auto answer = std::promise<caf::error>{};
  loop->offload([&] {
    auto end = pollfd{loop->ending_fd(), POLLIN, 0};
    poll(&end, 1, -1); // from here on the registry of the system is locked
    found.set_value(event_loop::find(ending) == loop);
    refused.set_value(event_loop::of(ending).error());
    answer.set_value(request(ending, pinned));
  });
  sys.reset();
  CAF_CHECK(found.get_future().get());
  CAF_CHECK_EQUAL(refused.get_future().get(), peer::errc::noproc);
  CAF_CHECK_EQUAL(answer.get_future().get(), caf::sec::request_receiver_down);
}

CAF_TEST(a request to an actor of a loop that has ended is answered) {
  auto pinned = spawn_probe();
  sys.reset();
  sys.emplace(config);
  CAF_CHECK_EQUAL(request(*sys, pinned), caf::sec::request_receiver_down);
}

CAF_TEST(in a forked child the loop has ended and the parent keeps it) {
  auto pinned = spawn_probe();
  auto loop = *event_loop::of(*sys);
  CAF_CHECK_EQUAL(request(*sys, pinned), caf::error{}); // the parent's waiting threads have used the loop
  auto child = fork();
  if (child == 0) {
    alarm(20);
    auto refused = event_loop::of(*sys).error() == peer::errc::noproc;
    auto answered = request(*sys, pinned) == caf::sec::request_receiver_down;
    _exit(refused && answered && loop->ended() ? 0 : 1);
  }
  auto status = 0;
  CAF_REQUIRE_EQUAL(waitpid(child, &status, 0), child);
  CAF_CHECK_EQUAL(status, 0);
  CAF_CHECK(!loop->ended());
  CAF_CHECK_EQUAL(request(*sys, pinned), caf::error{});
}

CAF_TEST(a thread that cannot be started leaves the signals of the caller alone) {
  auto before = sigset_t{};
  auto after = sigset_t{};
  pthread_sigmask(SIG_SETMASK, nullptr, &before);
  auto size = std::size_t{};
  auto defaults = pthread_attr_t{};
  pthread_getattr_default_np(&defaults);
  pthread_attr_getstacksize(&defaults, &size);
  auto huge = defaults;
  pthread_attr_setstacksize(&huge, std::size_t{1} << 46); // more than a process can map
  pthread_setattr_default_np(&huge);
  CAF_CHECK_THROWS_AS(peer::internal::loop::start_quiet_thread([] {}), std::system_error);
  pthread_attr_setstacksize(&defaults, size);
  pthread_setattr_default_np(&defaults);
  pthread_sigmask(SIG_SETMASK, nullptr, &after);
  CAF_CHECK_EQUAL(sigismember(&before, SIGTERM), sigismember(&after, SIGTERM));
  CAF_CHECK_EQUAL(sigismember(&after, SIGUSR1), 0);
}

CAF_TEST(a loop that cannot start a thread is an error) {
  auto attributes = pthread_attr_t{};
  pthread_getattr_default_np(&attributes);
  auto size = std::size_t{};
  pthread_attr_getstacksize(&attributes, &size);
  pthread_attr_setstacksize(&attributes, std::size_t{1} << 46);
  pthread_setattr_default_np(&attributes);
  auto loop = event_loop::of(*sys);
  pthread_attr_setstacksize(&attributes, size);
  pthread_setattr_default_np(&attributes);
  CAF_REQUIRE(!loop);
  CAF_CHECK_EQUAL(loop.error(), peer::errc::system_failure);
  CAF_CHECK(event_loop::of(*sys)); // the next try succeeds
}

CAF_TEST_FIXTURE_SCOPE_END()
