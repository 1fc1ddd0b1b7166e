// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The order and the bounds of what waits for a thread.

#define CAF_SUITE peer.node.job_queue

#include "loop_fixture.hpp"
#include "node/job_queue.hpp"
#include "tests/support/look_until.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <future>
#include <memory>
#include <string>
#include <utility>

using namespace std::literals;

using peer::internal::node::job_queue;
using peer::test::look_until;

namespace {

constexpr auto limits = peer::internal::node::load_limits{.jobs = 3, .bytes = 100};

struct used_by_jobs {
  std::size_t added = 0;
  std::size_t permits = 0; ///< how many jobs may begin in all
  char put_back = '\0';    ///< the name of a job that waits again when it has begun for the first time
  std::string finished;
};

struct fixture : peer::test::loop_fixture<used_by_jobs> {
  /// Appends its name to `finished` when it has run.
  class named_job final : public peer::internal::loop::event_loop::job {
  public:
    named_job(fixture& owner, char name) : owner_(owner), name_(name) {}

    void run() noexcept override {}

    void finish() override {
      if (name_ == std::exchange(owner_.put_back, '\0')) // the first job of the queue
        return owner_.queue->put_back(std::make_unique<named_job>(owner_, name_), 1, 0);
      owner_.finished += name_;
      owner_.queue->finished();
    }

  private:
    fixture& owner_;
    char name_;
  };

  fixture() {
    on_loop([this] {
      queue = std::make_unique<job_queue>(where, limits, [this] { return added - queue->waiting() < permits; });
    });
  }

  ~fixture() {
    on_loop([this] { queue.reset(); });
  }

  /// Adds a job for each character.
  void add(std::string_view names, std::size_t bytes = 1) {
    on_loop([&] {
      for (auto name : names) {
        queue->add(std::make_unique<named_job>(*this, name), bytes);
        ++added;
      }
    });
  }

  /// Lets that many jobs begin in all, one after the other.
  void permit(std::size_t count) {
    while (permits < count) {
      on_loop([this] {
        ++permits;
        queue->begin_waiting();
      });
      CAF_CHECK(look_until([this] { return so_far().size() == permits; }));
    }
  }

  std::string so_far() {
    return result_on_loop([&] { return finished; });
  }

  std::size_t waiting() {
    return result_on_loop([&] { return queue->waiting(); });
  }

  bool has_room() {
    return result_on_loop([&] { return queue->has_room(); });
  }

  std::unique_ptr<job_queue> queue;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(job_queue_tests, fixture)

CAF_TEST(a job that may begin does not wait) {
  permits = 1;
  add("a");
  CAF_CHECK_EQUAL(waiting(), 0u);
  CAF_CHECK(look_until([this] { return so_far() == "a"; }));
}

CAF_TEST(jobs that wait begin in their order) {
  add("abc");
  CAF_CHECK_EQUAL(waiting(), 3u);
  permit(2);
  CAF_CHECK_EQUAL(so_far(), "ab");
  CAF_CHECK_EQUAL(waiting(), 1u);
  add("de");
  permit(5);
  CAF_CHECK_EQUAL(so_far(), "abcde");
}

CAF_TEST(only so many jobs may wait) {
  add("ab");
  CAF_CHECK(has_room());
  add("c");
  CAF_CHECK(!has_room());
  permit(1);
  CAF_CHECK(has_room());
}

CAF_TEST(only jobs of so many bytes may wait) {
  add("a", limits.bytes);
  CAF_CHECK(has_room());
  add("b", 1);
  CAF_CHECK(!has_room());
  permit(1);
  CAF_CHECK(has_room());
}

CAF_TEST(a job that is begun does not wait for others) {
  add("ab");
  on_loop([this] { queue->begin(std::make_unique<named_job>(*this, 'x')); });
  CAF_CHECK(look_until([this] { return so_far() == "x"; }));
  CAF_CHECK_EQUAL(waiting(), 2u);
}

CAF_TEST(a job that is put back keeps its place) {
  add("abc");
  on_loop([this] {
    put_back = 'a';
    ++permits;
    queue->begin_waiting();
  });
  CAF_CHECK(look_until([this] { return so_far() == "a"; }));
  permit(3);
  CAF_CHECK_EQUAL(so_far(), "abc");
}

CAF_TEST(jobs that are dropped leave room) {
  add("ab", limits.bytes);
  CAF_CHECK(!has_room());
  CAF_CHECK_EQUAL(result_on_loop([this] { return queue->drop_waiting(); }), 2u);
  CAF_CHECK_EQUAL(waiting(), 0u);
  CAF_CHECK(has_room());
  CAF_CHECK_EQUAL(so_far(), "");
}

CAF_TEST_FIXTURE_SCOPE_END()
