// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The actors of a loop without the loop's threads: the test resumes them.

#define CAF_SUITE peer.loop.tenant_host

#include "loop/pinned.hpp"
#include "loop/ready_queue.hpp"
#include "loop/tenant_host.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <atomic>
#include <functional>
#include <future>
#include <thread>
#include <vector>

namespace {

/// Something that can be resumed and counts its references.
class item final : public caf::resumable {
public:
  resume_result resume(caf::execution_unit*, std::size_t) override { return done; }
  void intrusive_ptr_add_ref_impl() override { ++references; }
  void intrusive_ptr_release_impl() override { --references; }

  std::atomic<int> references = 1;
};

/// Calls a function for each number.
class tenant final : public peer::internal::loop::pinned<caf::event_based_actor> {
public:
  tenant(caf::actor_config& cfg, peer::internal::loop::habitat where, std::function<void(int)> handle)
      : pinned(cfg, std::move(where)), handle_(std::move(handle)) {}

  caf::behavior make_behavior() override {
    return {[this](int x) { handle_(x); }};
  }

private:
  std::function<void(int)> handle_;
};

struct fixture {
  fixture() : sys(config), host(sys, [this] { ++wakeups; }) {}

  /// Without a loop it is not enrolled by itself.
  caf::actor spawn(std::function<void(int)> handle) {
    return peer::internal::loop::spawn_pinned<tenant>(sys, peer::internal::loop::habitat{&host}, std::move(handle));
  }

  void run_all() {
    while (host.run_ready())
      ;
  }

  caf::actor_system_config config;
  caf::actor_system sys;
  std::atomic<int> wakeups = 0;
  peer::internal::loop::tenant_host host;
};

} // namespace

CAF_TEST(a queue gives what was added in order) {
  peer::internal::loop::ready_queue queue;
  item items[3];
  for (auto& each : items)
    queue.add(&each);
  CAF_CHECK(!queue.empty());
  auto taken = std::vector<caf::resumable*>{};
  CAF_CHECK(queue.take_all([&](caf::resumable* x) { taken.push_back(x); }));
  CAF_CHECK(taken == (std::vector<caf::resumable*>{&items[0], &items[1], &items[2]}));
  CAF_CHECK(queue.empty());
  CAF_CHECK(!queue.take_all([](caf::resumable*) { CAF_FAIL("nothing was left"); }));
  CAF_CHECK_EQUAL(items[0].references, 1); // who takes has the reference
}

CAF_TEST(what is added while a queue is emptied comes next time) {
  peer::internal::loop::ready_queue queue;
  item first, second;
  queue.add(&first);
  auto count = 0;
  queue.take_all([&](caf::resumable*) {
    queue.add(&second);
    ++count;
  });
  CAF_CHECK_EQUAL(count, 1);
  CAF_CHECK(!queue.empty());
  queue.take_all([&](caf::resumable* x) {
    CAF_CHECK(x == &second);
    ++count;
  });
  CAF_CHECK_EQUAL(count, 2);
}

CAF_TEST(a queue releases what is left) {
  item left;
  {
    peer::internal::loop::ready_queue queue;
    queue.add(&left);
  }
  CAF_CHECK_EQUAL(left.references, 0);
}

CAF_TEST(many threads add to a queue) {
  peer::internal::loop::ready_queue queue;
  constexpr auto count = 1000;
  item some;
  auto add = [&] {
    for (auto i = 0; i < count; ++i)
      queue.add(&some);
  };
  auto one = std::thread{add};
  auto other = std::thread{add};
  auto taken = 0;
  while (taken < 2 * count)
    queue.take_all([&](caf::resumable*) { ++taken; });
  one.join();
  other.join();
  CAF_CHECK(queue.empty());
}

CAF_TEST_FIXTURE_SCOPE(tenant_host_tests, fixture)

CAF_TEST(a tenant runs when its host does) {
  auto got = std::vector<int>{};
  auto actor = spawn([&](int x) { got.push_back(x); });
  run_all();
  wakeups = 0;
  caf::anon_send(actor, 1);
  CAF_CHECK_EQUAL(wakeups, 1);
  CAF_CHECK(host.ready());
  caf::anon_send(actor, 2); // it is to be run already
  CAF_CHECK_EQUAL(wakeups, 1);
  CAF_CHECK(got.empty());
  CAF_CHECK(host.run_ready());
  CAF_CHECK_EQUAL(got, (std::vector{1, 2}));
  CAF_CHECK(!host.ready());
  CAF_CHECK(!host.run_ready());
  caf::anon_send_exit(actor, caf::exit_reason::kill);
  run_all();
}

CAF_TEST(a tenant with many messages lets others have their turn) {
  auto order = std::vector<int>{};
  auto busy = spawn([&](int) { order.push_back(1); });
  auto other = spawn([&](int) { order.push_back(2); });
  run_all();
  for (auto i = 0; i < 101; ++i)
    caf::anon_send(busy, i);
  caf::anon_send(other, 0);
  run_all();
  CAF_REQUIRE_EQUAL(order.size(), 102u);
  CAF_CHECK_EQUAL(order[100], 2);
  CAF_CHECK_EQUAL(order[101], 1);
  for (auto& each : {busy, other})
    caf::anon_send_exit(each, caf::exit_reason::kill);
  run_all();
}

CAF_TEST(tenants are known while they live) {
  auto actor = spawn([](int) {});
  auto stranger = spawn([](int) {});
  auto& inner = *caf::actor_cast<caf::abstract_actor*>(actor);
  host.enroll(caf::actor_cast<caf::strong_actor_ptr>(actor));
  CAF_CHECK_EQUAL(host.count(), 1u);
  CAF_CHECK(host.contains(inner));
  CAF_CHECK(!host.contains(*caf::actor_cast<caf::abstract_actor*>(stranger)));
  host.withdraw(actor.id());
  CAF_CHECK_EQUAL(host.count(), 0u);
  CAF_CHECK(!host.contains(inner));
  for (auto& each : {actor, stranger})
    caf::anon_send_exit(each, caf::exit_reason::kill);
  run_all();
}

CAF_TEST(all tenants are killed also those that come later) {
  auto before = spawn([](int) {});
  auto later = spawn([](int) {});
  auto reasons = std::vector<caf::error>{};
  for (auto& each : {before, later})
    each->attach_functor([&](const caf::error& reason) { reasons.push_back(reason); });
  host.enroll(caf::actor_cast<caf::strong_actor_ptr>(before));
  host.kill_all();
  run_all();
  CAF_CHECK_EQUAL(reasons.size(), 1u);
  host.enroll(caf::actor_cast<caf::strong_actor_ptr>(later));
  run_all();
  CAF_CHECK_EQUAL(reasons, (std::vector<caf::error>{caf::exit_reason::kill, caf::exit_reason::kill}));
}

CAF_TEST(other work goes to the scheduler until the end) {
  class task final : public caf::ref_counted, public caf::resumable {
  public:
    explicit task(std::promise<void>& ran) : ran_(ran) {}
    subtype_t subtype() const override { return function_object; }
    resume_result resume(caf::execution_unit*, std::size_t) override {
      ran_.set_value();
      return done;
    }
    void intrusive_ptr_add_ref_impl() override { ref(); }
    void intrusive_ptr_release_impl() override { deref(); }

  private:
    std::promise<void>& ran_;
  };
  auto ran = std::promise<void>{};
  host.run_later(new task{ran});
  ran.get_future().wait();
  CAF_CHECK(!host.ready());
  host.kill_all();
  item late;
  host.run_later(&late);
  CAF_CHECK_EQUAL(late.references, 0); // dropped
  CAF_CHECK(!host.ready());
}

CAF_TEST_FIXTURE_SCOPE_END()
