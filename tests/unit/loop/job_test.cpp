// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Work that may block: it runs on the loop's thread, and hands the loop over when it takes long.

#define CAF_SUITE peer.loop.job

#include "loop/event_loop.hpp"
#include "loop/pinned.hpp"
#include "peer/detail/defaults.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <atomic>
#include <condition_variable>
#include <csignal>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <semaphore>
#include <thread>
#include <vector>

#include <pthread.h>

namespace {

/// A job made of two functions.
class simple_job final : public peer::internal::loop::event_loop::job {
public:
  using function = std::function<void()>;

  simple_job(function run, function finish) : run_(std::move(run)), finish_(std::move(finish)) {}

  void run() noexcept override { run_(); }

  void finish() override { finish_(); }

private:
  function run_;
  function finish_;
};

/// Lives until the system ends.
class tenant final : public peer::internal::loop::pinned<caf::event_based_actor> {
public:
  using pinned::pinned;

  caf::behavior make_behavior() override {
    return {[](int) {}};
  }
};

bool blocks(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

struct fixture {
  fixture() : sys(config), where(*peer::internal::loop::event_loop::of(sys)) {}

  void execute(
      simple_job::function run, simple_job::function finish = [] {}) {
    where->post([this, run = std::move(run), finish = std::move(finish)]() mutable {
      where->execute(std::make_unique<simple_job>(std::move(run), std::move(finish)));
    });
  }

  /// Waits until the loop has turned.
  void turn() {
    auto done = std::promise<void>{};
    where->post([&done] { done.set_value(); });
    done.get_future().wait();
  }

  caf::actor_system_config config;
  caf::actor_system sys;
  peer::internal::loop::event_loop_ptr where;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(job_tests, fixture)

CAF_TEST(a job runs outside of the loop and finishes on it) {
  auto inside = std::optional<bool>{};
  auto done = std::promise<bool>{};
  execute([&] { inside = where->in_this_thread(); }, [&] { done.set_value(where->in_this_thread()); });
  CAF_CHECK(done.get_future().get());
  CAF_CHECK_EQUAL(inside, std::optional{false});
}

CAF_TEST(a job that blocks holds up neither the loop nor other jobs) {
  auto release = std::promise<void>{};
  auto began = std::promise<void>{};
  auto finished = std::promise<bool>{};
  execute(
      [&] {
        began.set_value();
        release.get_future().wait();
      },
      [&] { finished.set_value(where->in_this_thread()); });
  began.get_future().wait();
  turn();
  for (auto i = 0; i < 100; ++i) {
    auto other = std::promise<void>{};
    execute([] {}, [&] { other.set_value(); });
    other.get_future().wait();
  }
  turn(); // the last one is counted until it has finished
  CAF_CHECK_EQUAL(where->jobs(), 1u);
  release.set_value();
  CAF_CHECK(finished.get_future().get());
  turn();
  CAF_CHECK_EQUAL(where->jobs(), 0u);
}

CAF_TEST(jobs finish in any order) {
  auto order = std::vector<int>{};
  auto all = std::promise<void>{};
  std::promise<void> gates[3];
  for (auto i = 0; i < 3; ++i)
    execute([&, i] { gates[i].get_future().wait(); },
            [&, i] {
              order.push_back(i);
              if (i > 0)
                gates[i - 1].set_value();
              else
                all.set_value();
            });
  gates[2].set_value();
  all.get_future().wait();
  CAF_CHECK_EQUAL(order, (std::vector{2, 1, 0}));
}

CAF_TEST(never do two threads run the loop) {
  // Every second job is long enough to lose the lead.
  auto on_the_loop = std::atomic<int>{0};
  auto collisions = std::atomic<int>{0};
  auto finished = 0;
  auto all = std::promise<void>{};
  constexpr auto count = 400;
  for (auto i = 0; i < count; ++i)
    execute(
        [i] {
          auto until = std::chrono::steady_clock::now() + (i % 2) * 3 * peer::defaults::takeover;
          while (std::chrono::steady_clock::now() < until)
            ;
        },
        [&] {
          if (on_the_loop++ != 0 || !where->in_this_thread())
            ++collisions;
          std::this_thread::yield();
          --on_the_loop;
          if (++finished == count)
            all.set_value();
        });
  all.get_future().wait();
  CAF_CHECK_EQUAL(collisions, 0);
}

CAF_TEST(more jobs than threads wait for one to return) {
  auto gate = std::counting_semaphore<>{0};
  auto running = std::atomic<std::size_t>{0};
  auto finished = std::atomic<std::size_t>{0};
  auto mutex = std::mutex{};
  auto changed = std::condition_variable{};
  auto wait_for = [&](auto&& fact) {
    auto guard = std::unique_lock{mutex};
    changed.wait(guard, fact);
  };
  auto note = [&](auto& counter) {
    auto guard = std::lock_guard{mutex};
    ++counter;
    changed.notify_all();
  };
  constexpr auto extra = 10u;
  constexpr auto count = peer::defaults::max_workers + extra;
  for (auto i = 0u; i < count; ++i)
    execute(
        [&] {
          note(running);
          gate.acquire();
        },
        [&] { note(finished); });
  // One thread leads the loop and must not block.
  constexpr auto limit = peer::defaults::max_workers - 1;
  wait_for([&] { return running == limit; });
  turn();
  turn();
  CAF_CHECK_EQUAL(running, limit);
  for (auto i = 1u; i <= extra; ++i) {
    gate.release();
    wait_for([&] { return finished == i && running == limit + i; });
  }
  gate.release(count);
  wait_for([&] { return finished == count; });
}

CAF_TEST(a job has the signal mask of the program) {
  auto in_job = std::promise<bool>{};
  auto on_loop = std::promise<bool>{};
  execute([&] { in_job.set_value(blocks(SIGUSR1)); }, [&] { on_loop.set_value(blocks(SIGUSR1)); });
  CAF_CHECK_EQUAL(in_job.get_future().get(), blocks(SIGUSR1));
  CAF_CHECK(on_loop.get_future().get());
}

CAF_TEST(the end of a system waits for the jobs that run) {
  auto killed = std::promise<void>{};
  auto returned = std::atomic<bool>{false};
  {
    auto inner_config = caf::actor_system_config{};
    auto inner = caf::actor_system{inner_config};
    auto loop = *peer::internal::loop::event_loop::of(inner);
    auto began = std::promise<void>{};
    peer::internal::loop::spawn_pinned<tenant>(inner, peer::internal::loop::habitat{loop})->attach_functor([&] {
      killed.set_value();
    });
    loop->post([&] {
      loop->execute(std::make_unique<simple_job>(
          [&] {
            began.set_value();
            killed.get_future().wait(); // by the system that ends
            returned = true;
          },
          [] {}));
    });
    began.get_future().wait();
  }
  CAF_CHECK(returned);
}

CAF_TEST_FIXTURE_SCOPE_END()
