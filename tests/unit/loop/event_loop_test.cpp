// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.loop

#include "loop/event_loop.hpp"
#include "loop/pinned.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <atomic>
#include <csignal>
#include <future>
#include <optional>
#include <stdexcept>

#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

using namespace std::chrono_literals;

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

  caf::actor spawn_probe() {
    return peer::internal::loop::spawn_pinned<probe>(*sys, peer::internal::loop::event_loop::of(*sys));
  }

  /// Waits until `loop` has done all that was posted to it before.
  static void sync(const peer::internal::loop::event_loop_ptr& loop) {
    std::promise<void> done;
    loop->post([&] { done.set_value(); });
    done.get_future().wait();
  }

  caf::actor_system_config config;
  std::optional<caf::actor_system> sys;
};

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
  CAF_CHECK_EQUAL(peer::internal::loop::event_loop::of(*sys), peer::internal::loop::event_loop::of(*sys));
}

CAF_TEST(pinned actors run on the loop and the actors that they call run elsewhere) {
  auto loop = peer::internal::loop::event_loop::of(*sys);
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
  CAF_CHECK_EQUAL(peer::internal::loop::event_loop::of(*sys)->tenants(), 0u);
}

CAF_TEST(the system ends with live pinned actors) {
  caf::actor_addr address;
  {
    auto handle = spawn_probe();
    address = handle.address();
    auto keeps_itself = handle; // as an actor does that a pending operation refers to
    peer::internal::loop::event_loop::of(*sys)->post([keeps_itself] {});
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
  auto loop = peer::internal::loop::event_loop::of(*sys);
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
    auto handle = peer::internal::loop::spawn_pinned<probe>(inner, peer::internal::loop::event_loop::of(inner));
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
  peer::internal::loop::event_loop::of(*sys);
  auto before = open_descriptors();
  for (int i = 0; i < 20; ++i) {
    caf::actor_system inner{config};
    auto handle = peer::internal::loop::spawn_pinned<probe>(inner, peer::internal::loop::event_loop::of(inner));
    peer::internal::loop::event_loop::of(inner)->offload([] {});
  }
  CAF_CHECK_EQUAL(open_descriptors(), before);
}

CAF_TEST(the thread of the loop blocks all signals but those of a crash) {
  auto loop = peer::internal::loop::event_loop::of(*sys);
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
  auto loop = peer::internal::loop::event_loop::of(*sys);
  std::vector<int> order;
  std::promise<bool> on_loop;
  for (int i = 0; i < 3; ++i)
    loop->offload([&order, i] { order.push_back(i); });
  loop->offload([&] { on_loop.set_value(loop->in_this_thread()); });
  CAF_CHECK(!on_loop.get_future().get());
  CAF_CHECK_EQUAL(order, std::vector<int>({0, 1, 2}));
}

CAF_TEST(the spin is a setting) {
  put(config.content, "peer.spin", caf::timespan{0});
  caf::actor_system inner{config};
  auto loop = peer::internal::loop::event_loop::of(inner);
  CAF_CHECK_EQUAL(loop->spin().count(), 0);
  sync(loop); // it sleeps at once and still wakes up
}

CAF_TEST_FIXTURE_SCOPE_END()
