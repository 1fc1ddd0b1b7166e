// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The order in which the rules start and stop children, also when several things happen at the same time.

#define CAF_SUITE peer.supervisor.order

#include "supervision_fixture.hpp"

#include "caf/test/bdd_dsl.hpp"

using namespace peer;
using namespace peer::test;

namespace {

struct fixture : supervision_fixture {
  fixture() { patience = true; }

  /// Children that run.
  void boot_ready(std::vector<std::string> ids, supervisor_flags flags = {.intensity = 100}) {
    auto children = std::vector<child_spec>{};
    for (auto& id : ids)
      children.push_back(worker(id));
    boot(flags, std::move(children));
    for (auto& id : ids)
      ready(id);
    done();
  }
};

} // namespace

BEGIN_FIXTURE_SCOPE(fixture)

// -- boot and shutdown ------------------------------------------------------------------------------------------------

SCENARIO("children start in their order and stop in the reverse one") {
  GIVEN("three children") {
    WHEN("they are started") {
      boot({}, {worker("a"), worker("b"), worker("c")});
      THEN("each start waits for the one before it to be ready") {
        CHECK_EQ(done(), "start a");
        CHECK_EQ(ready("a"), "start b");
        CHECK_EQ(ready("b"), "start c");
        CHECK_EQ(ready("c"), "done");
      }
    }
    WHEN("they are stopped") {
      rules->shut_down({});
      THEN("each stop waits for the end of the one behind it") {
        CHECK_EQ(done(), "stop c");
        CHECK_EQ(stopped("c"), "stop b");
        CHECK_EQ(stopped("b"), "stop a");
        CHECK_EQ(stopped("a"), "over normally");
      }
    }
  }
}

SCENARIO("a supervisor without children boots and stops") {
  GIVEN("no children") {
    boot({}, {});
    CHECK_EQ(done(), "done");
    WHEN("the supervisor is stopped") {
      rules->shut_down(test::shutdown());
      THEN("it is over at once, with the reason") {
        CHECK_EQ(done(), "over");
        CHECK_EQ(*end, test::shutdown());
      }
    }
  }
}

SCENARIO("a child that does not start at boot stops those before it") {
  GIVEN("three children that are being started") {
    boot({}, {worker("a"), worker("b"), worker("c")});
    ready("a");
    done();
    WHEN("the second one fails") {
      auto orders = fails("b");
      THEN("the first one is stopped, the third one not started, and the boot has failed") {
        CHECK_EQ(orders, "stop a");
        CHECK_EQ(stopped("a"), "over, failed_to_start_child");
        CHECK_EQ(*end, errc::failed_to_start_child);
      }
    }
  }
}

SCENARIO("a shutdown cuts a start short") {
  GIVEN("a supervisor that is starting its second child") {
    boot({}, {worker("a"), worker("b"), worker("c")});
    ready("a");
    done();
    WHEN("it is stopped") {
      rules->shut_down({});
      THEN("that child is stopped, too, although it may become ready meanwhile") {
        CHECK_EQ(done(), "stop b");
        CHECK_EQ(ready("b"), ""); // it was on its way
        CHECK_EQ(stopped("b"), "stop a");
        CHECK_EQ(stopped("a"), "over normally, noproc");
      }
    }
  }
}

SCENARIO("a shutdown while a child is being stopped waits for that") {
  GIVEN("a child that is being terminated") {
    boot_ready({"a", "b"});
    rules->terminate_child("b", told());
    CHECK_EQ(done(), "stop b");
    WHEN("the supervisor is stopped") {
      rules->shut_down({});
      THEN("the child is not stopped twice") {
        CHECK_EQ(done(), "");
        CHECK_EQ(stopped("b"), "stop a");
        CHECK_EQ(stopped("a"), "over normally, noproc");
      }
    }
  }
}

SCENARIO("the first reason to stop is the one that holds") {
  GIVEN("a supervisor that is being stopped") {
    boot_ready({"a"});
    rules->shut_down(test::shutdown());
    WHEN("it is stopped again for another reason") {
      rules->shut_down(crash());
      stopped("a");
      THEN("it ends with the first one") {
        CHECK_EQ(*end, test::shutdown());
      }
    }
  }
}

// -- ends while children are started or stopped -----------------------------------------------------------------------

SCENARIO("a child that ends while another one is restarted is restarted next") {
  GIVEN("a child that is being restarted") {
    boot_ready({"a", "b"});
    CHECK_EQ(exits("a"), "start a");
    WHEN("another one ends") {
      THEN("its restart waits for that") {
        CHECK_EQ(exits("b"), "");
        CHECK_EQ(ready("a"), "start b");
      }
    }
  }
}

SCENARIO("a child that ends while all are restarted is not counted") {
  GIVEN("two children that are being restarted because one has ended") {
    boot_ready({"a", "b"}, {.strategy = restart_strategy::one_for_all, .intensity = 1});
    CHECK_EQ(exits("a"), "stop b");
    WHEN("the other one ends before it has been stopped") {
      THEN("that is the end that was ordered") {
        CHECK_EQ(exits("b"), "");
        CHECK_EQ(stopped("b"), "start a");
        CHECK_EQ(ready("a"), "start b");
        CHECK_EQ(ready("b"), "");
        CHECK_EQ(states(), "a running, b running");
      }
    }
  }
}

SCENARIO("a child that ends while the supervisor stops is not restarted") {
  GIVEN("a supervisor that is stopping its second child") {
    boot_ready({"a", "b"});
    rules->shut_down(test::shutdown());
    CHECK_EQ(done(), "stop b");
    WHEN("the first one ends") {
      THEN("nothing is started") {
        CHECK_EQ(exits("a"), "");
        CHECK_EQ(stopped("b"), "stop a");
        CHECK_EQ(stopped("a"), "over");
      }
    }
  }
}

// -- requests meanwhile -----------------------------------------------------------------------------------------------

SCENARIO("requests wait while a child is being started") {
  GIVEN("a supervisor that is starting its child") {
    boot({}, {worker("a")});
    WHEN("it is asked to start another child and to stop the first one") {
      rules->start_child(worker("b"), told_id());
      rules->terminate_child("a", told());
      THEN("it does one thing after the other") {
        CHECK_EQ(done(), "start a");
        CHECK_EQ(ready("a"), "done, start b");
        CHECK_EQ(ready("b"), "done b, stop a");
        CHECK_EQ(stopped("a"), "done");
      }
    }
  }
}

SCENARIO("requests come before the next try of a restart") {
  GIVEN("a child that is being restarted") {
    boot_ready({"a"});
    CHECK_EQ(exits("a"), "start a");
    WHEN("there are requests for it, and the restart fails") {
      rules->restart_child("a", told());
      rules->delete_child("a", told());
      rules->terminate_child("a", told());
      CHECK_EQ(done(), "");
      THEN("they are carried out, and the last one ends the restart") {
        CHECK_EQ(fails("a"), "restarting, restarting, done");
        CHECK_EQ(states(), "a undefined");
      }
    }
  }
}

END_FIXTURE_SCOPE()
