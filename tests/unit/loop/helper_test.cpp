// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Threads that lend themselves to the loop while they wait.

#define CAF_SUITE peer.loop.helper

#include "loop/event_loop.hpp"
#include "loop/helpers.hpp"
#include "loop/pinned.hpp"
#include "loop/reactor_watch.hpp"
#include "origin/ask.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <atomic>
#include <csignal>
#include <future>
#include <memory>
#include <optional>
#include <thread>
#include <vector>

#include <pthread.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

using namespace std::chrono_literals;

namespace {

/// Does what it is sent.
class tenant final : public peer::internal::loop::pinned<caf::event_based_actor> {
public:
  using pinned::pinned;

  caf::behavior make_behavior() override {
    return {[](caf::action what) { what.run(); }, [](int x) { return x + 1; }};
  }
};

bool blocks(int signal) {
  sigset_t mask;
  pthread_sigmask(SIG_SETMASK, nullptr, &mask);
  return sigismember(&mask, signal) == 1;
}

/// A descriptor that always has something to say to whoever runs the loop.
class babbler {
public:
  explicit babbler(peer::internal::loop::event_loop& where) : where_(where) {}

  void begin() {
    where_.post([this] {
      stream_.emplace(where_.io(), eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK));
      babble();
    });
  }

  void end() {
    auto done = std::promise<void>{};
    where_.post([&] {
      stream_.reset();
      where_.post([&] { done.set_value(); }); // after the last one was told of that
    });
    done.get_future().wait();
  }

private:
  void babble() {
    stream_->async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code&) {
      if (stream_)
        babble();
    });
  }

  peer::internal::loop::event_loop& where_;
  std::optional<boost::asio::posix::stream_descriptor> stream_;
};

bool is_ready(const std::future<std::thread::id>& x) {
  return x.wait_for(0s) == std::future_status::ready;
}

/// A hang ends the program.
struct fixture {
  explicit fixture(caf::timespan spin = caf::timespan{0}) {
    alarm(60);
    put(config.content, "peer.spin", spin);
    sys.emplace(config);
    where = *peer::internal::loop::event_loop::of(*sys);
    actor = peer::internal::loop::spawn_pinned<tenant>(*sys, where);
  }

  ~fixture() {
    actor = nullptr;
    where = nullptr;
    sys.reset();
    alarm(0);
  }

  /// Lets the actor tell on which thread it runs.
  std::future<std::thread::id> ask_where() {
    auto promise = std::make_shared<std::promise<std::thread::id>>();
    caf::anon_send(actor, caf::make_action([promise] { promise->set_value(std::this_thread::get_id()); }));
    return promise->get_future();
  }

  /// The thread that runs the actor while the caller waits for it as a helper.
  std::thread::id runs_while_helped() {
    auto helper = peer::internal::loop::helper{*where};
    auto result = ask_where();
    helper.wait([&] { return is_ready(result); });
    return result.get();
  }

  /// The thread that runs the actor while nobody helps.
  std::thread::id runs_alone() { return ask_where().get(); }

  /// Lets the caller help, which needs a loop that has nothing to do at the moment.
  void help() {
    while (runs_while_helped() != std::this_thread::get_id())
      ;
  }

  caf::actor_system_config config;
  std::optional<caf::actor_system> sys;
  peer::internal::loop::event_loop_ptr where;
  caf::actor actor;
};

struct spinning_fixture : fixture {
  spinning_fixture() : fixture(50us) {}
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(helper_tests, fixture)

CAF_TEST(an answer that does not come from the loop is received) {
  auto ordinary = sys->spawn<caf::detached>([](caf::event_based_actor*) -> caf::behavior {
    return {[](int x) {
      std::this_thread::sleep_for(20ms); // meanwhile a helper would fall asleep
      return x + 1;
    }};
  });
  static_cast<void>(runs_alone());
  auto answer = peer::internal::origin::ask<int>(*sys, ordinary, "the actor", 1);
  CAF_CHECK_EQUAL(answer, 2);
}

CAF_TEST(a question to an actor of the loop is answered) {
  CAF_CHECK_EQUAL(peer::internal::origin::ask<int>(*sys, actor, "the actor", 1), 2);
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  while (where->tenants() > 0)
    std::this_thread::yield();
  auto failed = peer::internal::origin::ask<int>(*sys, actor, "the actor", 1);
  CAF_REQUIRE(!failed);
  CAF_CHECK_EQUAL(failed.error(), peer::errc::noproc);
}

CAF_TEST(a thread that waits runs the loop) {
  help();
  CAF_CHECK(!where->in_this_thread());
}

CAF_TEST(a thread of low priority does not run the loop) {
  help();
  auto check_kept_out = [this](auto lower_priority) {
    std::thread{[=, this] {
      CAF_REQUIRE_EQUAL(lower_priority(), 0);
      for (auto i = 0; i < 100; ++i)
        CAF_REQUIRE(runs_while_helped() != std::this_thread::get_id());
    }}.join();
  };
  check_kept_out([] { return setpriority(PRIO_PROCESS, 0, getpriority(PRIO_PROCESS, 0) + 1); });
  check_kept_out([] {
    auto none = sched_param{};
    return sched_setscheduler(0, SCHED_IDLE, &none);
  });
  help();
}

CAF_TEST(a helper that has left leaves the loop to its own thread) {
  for (auto i = 0; i < 100; ++i) {
    help();
    CAF_CHECK(runs_alone() != std::this_thread::get_id());
  }
}

CAF_TEST(what is posted after a helper has left is run) {
  for (auto i = 0; i < 1000; ++i) {
    static_cast<void>(runs_while_helped());
    auto done = std::promise<void>{};
    where->post([&done] { done.set_value(); });
    done.get_future().wait();
  }
}

CAF_TEST(descriptors are served after a helper has left) {
  help();
  auto fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  auto seen = std::promise<void>{};
  auto watching = std::promise<void>{};
  auto stream = std::unique_ptr<boost::asio::posix::stream_descriptor>{};
  where->post([&] {
    stream = std::make_unique<boost::asio::posix::stream_descriptor>(where->io(), fd);
    stream->async_wait(boost::asio::posix::stream_descriptor::wait_read,
                       [&](const boost::system::error_code&) { seen.set_value(); });
    watching.set_value();
  });
  watching.get_future().wait();
  help();
  eventfd_write(fd, 1);
  seen.get_future().wait();
  auto gone = std::promise<void>{};
  where->post([&] {
    stream.reset();
    gone.set_value();
  });
  gone.get_future().wait();
}

CAF_TEST(a helper gets what other threads send) {
  auto stop = std::atomic<bool>{false};
  auto other = std::thread{[&] {
    while (!stop)
      static_cast<void>(runs_alone());
  }};
  for (auto i = 0; i < 1000; ++i)
    static_cast<void>(runs_while_helped());
  stop = true;
  other.join();
}

CAF_TEST(many threads help at once) {
  auto threads = std::vector<std::thread>{};
  auto answers = std::atomic<int>{0};
  for (auto i = 0; i < 8; ++i)
    threads.emplace_back([&] {
      for (auto n = 0; n < 500; ++n) {
        auto self = caf::scoped_actor{*sys};
        auto helper = peer::internal::loop::helper{*where};
        auto answer = self->request(actor, caf::infinite, n);
        helper.wait([&] { return self->has_next_message(); });
        answer.receive([&](int x) { answers += x == n + 1; }, [](const caf::error&) {});
      }
    });
  for (auto& each : threads)
    each.join();
  CAF_CHECK_EQUAL(answers, 8 * 500);
}

CAF_TEST(a helper leaves jobs to the threads of the loop) {
  class job final : public peer::internal::loop::event_loop::job {
  public:
    explicit job(std::promise<std::thread::id>& ran_on) : ran_on_(ran_on) {}
    void run() noexcept override { ran_on_.set_value(std::this_thread::get_id()); }
    void finish() override {}

  private:
    std::promise<std::thread::id>& ran_on_;
  };
  help();
  auto ran_on = std::promise<std::thread::id>{};
  auto helper = peer::internal::loop::helper{*where};
  where->post([&] { where->execute(std::make_unique<job>(ran_on)); });
  helper.wait([] { return false; }); // returns because there is a job, and leaves the lead to who runs it
  CAF_CHECK(ran_on.get_future().get() != std::this_thread::get_id());
}

CAF_TEST(a helper blocks no more signals than before when it has left) {
  CAF_REQUIRE(!blocks(SIGPIPE));
  help();
  CAF_CHECK(!blocks(SIGPIPE));
}

CAF_TEST(a descriptor that is always ready keeps neither actors nor helpers waiting) {
  babbler descriptor{*where};
  help();
  {
    auto helper = peer::internal::loop::helper{*where};
    descriptor.begin();
    auto answer = ask_where();
    helper.wait([&] { return is_ready(answer); });
    answer.wait();
  }
  static_cast<void>(runs_alone());
  descriptor.end();
}

CAF_TEST(a reactor that watches an earlier file of the same number is not taken for the one) {
  auto reactor = epoll_create1(EPOLL_CLOEXEC);
  auto number = eventfd(0, EFD_CLOEXEC);
  auto event = epoll_event{};
  epoll_ctl(reactor, EPOLL_CTL_ADD, number, &event);
  CAF_CHECK(peer::internal::loop::reactor_watch::of_the_one_that_watches(number));
  auto earlier = dup(number); // it stays open, and watched
  auto later = eventfd(0, EFD_CLOEXEC);
  dup2(later, number);
  CAF_CHECK(!peer::internal::loop::reactor_watch::of_the_one_that_watches(number));
  for (auto fd : {reactor, number, earlier, later})
    close(fd);
}

CAF_TEST(the reactor of another loop is not watched) {
  auto fd = eventfd(0, EFD_CLOEXEC);
  CAF_CHECK(!peer::internal::loop::reactor_watch::of_the_one_that_watches(fd));
  close(fd);
}

CAF_TEST_FIXTURE_SCOPE_END()

CAF_TEST_FIXTURE_SCOPE(spinning_helper_tests, spinning_fixture)

CAF_TEST(a thread of the loop that only polls makes room for a helper) {
  for (auto i = 0; i < 100; ++i) {
    static_cast<void>(runs_alone()); // now it polls
    help();
  }
}

CAF_TEST(a system ends while a thread helps) {
  auto& helping = where->helping();
  auto drives = std::promise<void>{};
  auto helper = std::thread{[&] {
    while (!helping.take())
      std::this_thread::yield();
    drives.set_value();
    helping.drive_until([] { return false; });
    helping.leave();
  }};
  drives.get_future().wait();
  sys.reset();
  CAF_CHECK(where->ended());
  helper.join();
}

CAF_TEST_FIXTURE_SCOPE_END()
