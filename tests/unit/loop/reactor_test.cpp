// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.loop.reactor

#include "loop/reactor.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <boost/asio/steady_timer.hpp>

#include <future>
#include <thread>

#include <unistd.h>

using namespace std::chrono_literals;

namespace {

/// A reactor that the thread of the test drives. A hang ends the program.
struct fixture {
  fixture() {
    alarm(60);
    reactor.enter();
  }

  ~fixture() {
    reactor.leave();
    alarm(0);
  }

  /// Lets another thread drive: it sleeps until `wake_it`, called as soon as it is about to sleep, ends that.
  template <class Function>
  void end_sleep(Function wake_it) {
    reactor.leave();
    auto about_to_sleep = std::promise<void>{};
    auto driver = std::thread{[&] {
      reactor.enter();
      reactor.sleep(std::nullopt, [&] {
        about_to_sleep.set_value();
        return true;
      });
      reactor.leave();
    }};
    about_to_sleep.get_future().wait();
    wake_it();
    driver.join();
    reactor.enter();
  }

  peer::internal::loop::reactor reactor;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(reactor_tests, fixture)

CAF_TEST(a posted task runs in the driver) {
  auto inside = false;
  CAF_CHECK(!reactor.posted());
  std::thread{[&] { reactor.post([&] { inside = reactor.in_this_thread(); }); }}.join();
  CAF_CHECK(reactor.posted());
  CAF_CHECK(reactor.poll());
  CAF_CHECK(inside);
  CAF_CHECK(!reactor.posted());
  CAF_CHECK(!reactor.poll());
}

CAF_TEST(a thread drives from enter to leave) {
  CAF_CHECK(reactor.in_this_thread());
  CAF_CHECK(peer::internal::loop::reactor::any_in_this_thread());
  auto elsewhere = true;
  std::thread{[&] { elsewhere = reactor.in_this_thread(); }}.join();
  CAF_CHECK(!elsewhere);
  peer::internal::loop::reactor other;
  CAF_CHECK(!other.in_this_thread());
  reactor.leave();
  CAF_CHECK(!reactor.in_this_thread());
  CAF_CHECK(!peer::internal::loop::reactor::any_in_this_thread());
}

CAF_TEST(one poll runs a bounded number of handlers) {
  auto ran = 0;
  for (auto i = 0; i < 20; ++i)
    reactor.post([&] { ++ran; });
  CAF_CHECK(reactor.poll());
  CAF_CHECK_EQUAL(ran, 16);
  CAF_CHECK(reactor.posted()); // so that the driver does not sleep
  CAF_CHECK(reactor.poll());
  CAF_CHECK_EQUAL(ran, 20);
  CAF_CHECK(!reactor.posted());
}

CAF_TEST(a driver that sleeps is woken) {
  for (auto i = 0; i < 100; ++i)
    end_sleep([this] { reactor.wake(); });
  for (auto i = 0; i < 100; ++i)
    end_sleep([this] { reactor.post([] {}); });
  end_sleep([this] { reactor.signal(); });
}

CAF_TEST(a driver does not sleep when there is something to do) {
  reactor.sleep(std::nullopt, [] { return false; });
}

CAF_TEST(a sleep has a limit) {
  reactor.sleep(1ms, [] { return true; });
}

CAF_TEST(only a driver that sleeps is woken and not by itself) {
  std::thread{[this] { reactor.wake(); }}.join();
  CAF_CHECK(!reactor.poll());
  reactor.set_asleep(true);
  reactor.wake();
  CAF_CHECK(!reactor.poll());
  std::thread{[this] { reactor.wake(); }}.join();
  CAF_CHECK(reactor.poll());
}

CAF_TEST(a reactor that was ended stops when nothing is left) {
  auto ran = 0;
  reactor.post([&] { reactor.end(); });
  reactor.post([&] { ++ran; });
  CAF_CHECK(!reactor.stopped());
  while (!reactor.stopped())
    reactor.poll();
  CAF_CHECK_EQUAL(ran, 1);
  CAF_CHECK(reactor.ending());
  reactor.post([&] { ++ran; }); // as an actor does that is killed at the end
  reactor.restart_if_stopped();
  reactor.poll();
  CAF_CHECK_EQUAL(ran, 2);
}

CAF_TEST(a driver is woken after the end) {
  auto timer = boost::asio::steady_timer{reactor.io(), 1h}; // keeps it from stopping
  timer.async_wait([](const boost::system::error_code&) {});
  reactor.end();
  reactor.poll();
  end_sleep([this] { reactor.wake(); });
}

CAF_TEST_FIXTURE_SCOPE_END()
