// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The threads that drive a loop, without a loop: each drive is a function of the test.

#define CAF_SUITE peer.loop.crew

#include "loop/crew.hpp"
#include "loop/job_list.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <atomic>
#include <cstdlib>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include <unistd.h>

using namespace std::chrono_literals;

using peer::internal::loop::crew;
using peer::internal::loop::job_list;
using peer::internal::loop::job_ptr;

namespace {

/// A job that calls functions.
class simple_job final : public peer::internal::loop::job {
public:
  using function = std::function<void()>;

  explicit simple_job(
      function run, function finish = [] {})
      : run_(std::move(run)), finish_(std::move(finish)) {}

  void run() noexcept override { run_(); }

  void finish() override { finish_(); }

private:
  function run_;
  function finish_;
};

job_ptr make_job(
    simple_job::function run, simple_job::function finish = [] {}) {
  return std::make_unique<simple_job>(std::move(run), std::move(finish));
}

/// Runs a crew whose first driver calls the first function, the one that takes over the second, and so on. The last one
/// should return null. A hang ends the program.
class script {
public:
  using drive = std::function<job_ptr(crew&)>;

  explicit script(std::vector<drive> drives) : drives_(std::move(drives)) { alarm(60); }

  ~script() { alarm(0); }

  void run(std::chrono::nanoseconds takeover, std::size_t max_threads) {
    auto drive_next = [this] {
      drivers_.push_back(std::this_thread::get_id()); // only one thread drives
      return drives_.at(drivers_.size() - 1)(*crew_);
    };
    auto hand_in = [this](job_ptr) {
      ++handed_in_;
      handed_in_.notify_all();
    };
    crew_.emplace(crew::duties{drive_next, hand_in}, takeover, max_threads);
    crew_->start();
    crew_->finish();
  }

  /// Waits until a job was handed in that had been taken over.
  void await_handed_in() { handed_in_.wait(0); }

  int handed_in() const { return handed_in_; }

  /// The threads that have driven, in their order.
  const std::vector<std::thread::id>& drivers() const { return drivers_; }

private:
  std::vector<drive> drives_;
  std::optional<crew> crew_;
  std::vector<std::thread::id> drivers_;
  std::atomic<int> handed_in_ = 0;
};

constexpr auto never = 1h;
constexpr auto soon = 100us;

} // namespace

CAF_TEST(jobs that return soon leave the drive where it is) {
  auto kept = 0;
  auto ran_on = std::set<std::thread::id>{};
  auto test = script{{[&](crew& threads) {
    for (auto i = 0; i < 100; ++i) {
      auto job = make_job([&] { ran_on.insert(std::this_thread::get_id()); });
      kept += threads.can_take_over() && threads.run(*job) ? 1 : 0;
    }
    return nullptr;
  }}};
  test.run(never, 8);
  CAF_CHECK_EQUAL(kept, 100);
  CAF_CHECK_EQUAL(test.drivers().size(), 1u);
  CAF_CHECK(ran_on == std::set<std::thread::id>{test.drivers().front()});
  CAF_CHECK_EQUAL(test.handed_in(), 0);
}

CAF_TEST(another thread takes over from a job that blocks) {
  auto gate = std::promise<void>{};
  auto kept = true;
  script* self = nullptr;
  auto test = script{{
      [&](crew& threads) {
        auto job = make_job([&] { gate.get_future().wait(); });
        kept = !threads.can_take_over() || threads.run(*job);
        return job;
      },
      [&](crew&) {
        gate.set_value();
        self->await_handed_in();
        return nullptr;
      },
  }};
  self = &test;
  test.run(soon, 8);
  CAF_CHECK(!kept);
  CAF_REQUIRE_EQUAL(test.drivers().size(), 2u);
  CAF_CHECK(test.drivers()[0] != test.drivers()[1]);
  CAF_CHECK_EQUAL(test.handed_in(), 1);
}

CAF_TEST(several jobs may block at the same time) {
  constexpr auto count = 5;
  auto gate = std::promise<void>{};
  auto opened = gate.get_future().share();
  auto drives = std::vector<script::drive>(count, [&](crew& threads) {
    auto job = make_job([&] { opened.wait(); });
    if (!threads.can_take_over() || threads.run(*job))
      std::abort();
    return job;
  });
  drives.emplace_back([&](crew&) {
    gate.set_value();
    return nullptr;
  });
  auto test = script{std::move(drives)};
  test.run(soon, count + 1);
  auto threads = std::set<std::thread::id>{test.drivers().begin(), test.drivers().end()};
  CAF_CHECK_EQUAL(threads.size(), std::size_t{count + 1});
  CAF_CHECK_EQUAL(test.handed_in(), count);
}

CAF_TEST(the number of threads is bounded) {
  auto gate = std::promise<void>{};
  auto could = std::vector<bool>{};
  script* self = nullptr;
  auto test = script{{
      [&](crew& threads) {
        could.push_back(threads.can_take_over());
        auto job = make_job([&] { gate.get_future().wait(); });
        threads.run(*job);
        return job;
      },
      [&](crew& threads) {
        could.push_back(threads.can_take_over());
        gate.set_value();
        self->await_handed_in();
        could.push_back(threads.can_take_over()); // the thread of that job is idle now
        return nullptr;
      },
  }};
  self = &test;
  test.run(soon, 2);
  CAF_CHECK_EQUAL(could, (std::vector{true, false, true}));
  auto alone = std::optional<bool>{};
  script{{[&](crew& threads) {
    alone = threads.can_take_over();
    return nullptr;
  }}}.run(soon, 1);
  CAF_CHECK_EQUAL(alone, std::optional{false});
}

CAF_TEST(the end waits for a job that still runs) {
  auto gate = std::promise<void>{};
  auto over = std::promise<void>{};
  auto opener = std::thread{[&] {
    over.get_future().wait();
    gate.set_value();
  }};
  auto returned = false;
  auto test = script{{
      [&](crew& threads) {
        auto job = make_job([&] {
          gate.get_future().wait();
          returned = true;
        });
        if (!threads.can_take_over() || threads.run(*job))
          std::abort();
        return job;
      },
      [&](crew&) {
        over.set_value();
        return nullptr;
      },
  }};
  test.run(soon, 8);
  CAF_CHECK(returned);
  CAF_CHECK_EQUAL(test.handed_in(), 1);
  opener.join();
}

CAF_TEST(a list runs its jobs in order and finishes them afterwards) {
  auto events = std::vector<std::string>{};
  auto jobs = job_list{};
  for (auto i = 0; i < 3; ++i) {
    auto number = std::to_string(i);
    jobs.add(make_job([&events, number] { events.push_back("run " + number); },
                      [&events, number] { events.push_back("finish " + number); }));
  }
  CAF_CHECK(jobs.waiting());
  CAF_CHECK_EQUAL(jobs.count(), 3u);
  auto left = std::size_t{0};
  auto test = script{{[&](crew& threads) {
    auto held_up = threads.can_take_over() ? jobs.run(threads, never) : nullptr;
    left = jobs.count();
    jobs.finish_completed();
    return held_up;
  }}};
  test.run(never, 2);
  CAF_CHECK_EQUAL(events, (std::vector<std::string>{"run 0", "run 1", "run 2", "finish 0", "finish 1", "finish 2"}));
  CAF_CHECK_EQUAL(left, 3u); // those that have run count until they have finished
  CAF_CHECK_EQUAL(jobs.count(), 0u);
}

CAF_TEST(a list runs one job when its time is short) {
  auto ran = 0;
  auto jobs = job_list{};
  for (auto i = 0; i < 3; ++i)
    jobs.add(make_job([&] { ++ran; }));
  auto test = script{{[&](crew& threads) {
    auto held_up = threads.can_take_over() ? jobs.run(threads, 0ns) : nullptr;
    jobs.finish_completed();
    return held_up;
  }}};
  test.run(never, 2);
  CAF_CHECK_EQUAL(ran, 1);
  CAF_CHECK(jobs.waiting());
  CAF_CHECK_EQUAL(jobs.count(), 2u);
}

CAF_TEST(the next driver gets the rest of a list) {
  auto gate = std::promise<void>{};
  auto finished = std::vector<int>{};
  auto jobs = job_list{};
  jobs.add(make_job([] {}, [&] { finished.push_back(0); }));
  jobs.add(make_job([&] { gate.get_future().wait(); }, [&] { finished.push_back(1); }));
  jobs.add(make_job([] {}, [&] { finished.push_back(2); }));
  script* self = nullptr;
  auto run = [&](crew& threads) -> job_ptr {
    if (!threads.can_take_over())
      std::abort();
    return jobs.run(threads, never);
  };
  auto test = script{{
      run, // until the second job is taken over
      [&](crew& threads) {
        jobs.finish_completed(); // that of the driver before
        if (run(threads) != nullptr)
          std::abort();
        jobs.finish_completed();
        gate.set_value();
        self->await_handed_in();
        return nullptr;
      },
  }};
  self = &test;
  test.run(10ms, 3);
  CAF_CHECK_EQUAL(finished, (std::vector{0, 2}));
  CAF_CHECK_EQUAL(jobs.count(), 1u); // the one that was handed in and not finished
}

CAF_TEST(a closed list drops what waits and takes nothing) {
  auto jobs = job_list{};
  jobs.add(make_job([] {}));
  jobs.close();
  CAF_CHECK(!jobs.waiting());
  CAF_CHECK_EQUAL(jobs.count(), 0u);
  jobs.add(make_job([] {}));
  CAF_CHECK(!jobs.waiting());
  CAF_CHECK_EQUAL(jobs.count(), 0u);
}
