// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Supervisors whose children start without waiting for each other.

#define CAF_SUITE peer.supervisor.concurrent_starts

#include "supervision_fixture.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer;
using namespace peer::test;

namespace {

struct fixture : supervision_fixture {
  fixture() { patience = true; }

  void boot(std::vector<child_spec> children) {
    supervision_fixture::boot({.intensity = 100, .concurrent_starts = true}, std::move(children));
  }

  void boot_ready() {
    boot({worker("a"), worker("b"), worker("c")});
    for (auto id : {"a", "b", "c"})
      ready(id);
    done();
  }
};

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

SCENARIO("all children start at once") {
  GIVEN("a supervisor of three children") {
    boot({worker("a"), worker("b"), worker("c")});
    WHEN("it boots") {
      THEN("each start is ordered before one of them is ready") {
        CAF_CHECK_EQUAL(done(), "start a, start b, start c");
      }
      THEN("the boot ends when the last one is ready") {
        CAF_CHECK_EQUAL(ready("c"), "");
        CAF_CHECK_EQUAL(ready("a"), "");
        CAF_CHECK_EQUAL(ready("b"), "done");
      }
    }
  }
}

SCENARIO("a boot that fails stops all children") {
  GIVEN("a supervisor of which one child runs and two are being started") {
    boot({worker("a"), worker("b"), worker("c")});
    ready("a");
    done();
    WHEN("one cannot be started") {
      auto orders = fails("b");
      THEN("the others are stopped in the reverse order, also the one that is being started") {
        CAF_CHECK_EQUAL(orders, "stop c");
        CAF_CHECK_EQUAL(stopped("c"), "stop a");
        CAF_CHECK_EQUAL(stopped("a"), "over, failed_to_start_child");
      }
    }
  }
}

SCENARIO("a restart does not wait for another one") {
  GIVEN("three children that run") {
    boot_ready();
    WHEN("two of them end") {
      THEN("both are restarted, and the first may become ready last") {
        CAF_CHECK_EQUAL(exits("a"), "start a");
        CAF_CHECK_EQUAL(exits("c"), "start c");
        CAF_CHECK_EQUAL(states(), "a starting, b running, c starting");
        ready("c");
        CAF_CHECK_EQUAL(states(), "a starting, b running, c running");
        ready("a");
        CAF_CHECK_EQUAL(states(), "a running, b running, c running");
      }
    }
  }
}

SCENARIO("a restart that fails is tried again and disturbs no other") {
  GIVEN("two children that are being restarted") {
    boot_ready();
    exits("a");
    exits("b");
    WHEN("one of the restarts fails") {
      THEN("it is repeated at once") {
        CAF_CHECK_EQUAL(fails("a"), "start a");
        CAF_CHECK_EQUAL(states(), "a starting, b starting, c running");
      }
    }
  }
}

SCENARIO("a restart does not wait for a boot or a request") {
  GIVEN("a supervisor that boots, with one child ready") {
    boot({worker("a"), worker("b")});
    ready("a");
    done();
    WHEN("that child ends") {
      THEN("it is restarted, and the boot ends with the other child") {
        CAF_CHECK_EQUAL(exits("a"), "start a");
        CAF_CHECK_EQUAL(ready("b"), "done");
      }
    }
    WHEN("it ends while a new child is being started") {
      ready("b");
      ready("a");
      done();
      rules->start_child(worker("c"), told_id());
      CAF_CHECK_EQUAL(done(), "start c");
      THEN("neither waits for the other") {
        CAF_CHECK_EQUAL(exits("a"), "start a");
        CAF_CHECK_EQUAL(ready("c"), "done c");
        CAF_CHECK_EQUAL(ready("a"), "");
      }
    }
  }
}

SCENARIO("requests reach a child that is being restarted") {
  GIVEN("a child that is being restarted") {
    boot_ready();
    exits("a");
    WHEN("it is terminated") {
      rules->terminate_child("a", told());
      THEN("its start is stopped") {
        CAF_CHECK_EQUAL(done(), "stop a");
        CAF_CHECK_EQUAL(stopped("a"), "done");
        CAF_CHECK_EQUAL(states(), "a undefined, b running, c running");
      }
    }
    WHEN("it is started by request and ends again, and the supervisor stops") {
      rules->restart_child("a", told());
      CAF_CHECK_EQUAL(ready("a"), "start a, done");
      CAF_CHECK_EQUAL(exits("a"), "start a");
      rules->shut_down({});
      THEN("all are stopped one by one, also the one that is being restarted") {
        CAF_CHECK_EQUAL(done(), "stop c");
        CAF_CHECK_EQUAL(stopped("c"), "stop b");
        CAF_CHECK_EQUAL(stopped("b"), "stop a");
        CAF_CHECK_EQUAL(stopped("a"), "over normally");
      }
    }
  }
}

SCENARIO("an end during a stop waits for the stop") {
  GIVEN("a child that is being terminated") {
    boot_ready();
    rules->terminate_child("a", told());
    CAF_CHECK_EQUAL(done(), "stop a");
    WHEN("another one ends") {
      THEN("it is restarted after the stop") {
        CAF_CHECK_EQUAL(exits("b"), "");
        CAF_CHECK_EQUAL(stopped("a"), "done, start b");
      }
    }
  }
}

SCENARIO("children that depend on each other do not start at the same time") {
  for (auto strategy : {restart_strategy::one_for_all, restart_strategy::rest_for_one}) {
    auto spec = supervisor_spec{{.strategy = strategy, .concurrent_starts = true}, {worker("a")}};
    CAF_CHECK_EQUAL(validate(spec), errc::invalid_option);
    spec.flags.concurrent_starts = false;
    CAF_CHECK_EQUAL(validate(spec), caf::error{});
  }
}

END_FIXTURE_SCOPE()
