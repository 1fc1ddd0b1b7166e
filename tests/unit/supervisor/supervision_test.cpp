// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The rules of restarts, case by case. tests/supervision compares them with OTP's own.

#define CAF_SUITE peer.supervisor.rules

#include "supervision_fixture.hpp"

using namespace peer;
using namespace peer::test;
using namespace std::chrono_literals;

namespace {

using enum restart_strategy;
using enum restart_type;

/// Many restarts are all right.
supervisor_flags lenient(restart_strategy strategy, auto_shutdown shutdown = auto_shutdown::never) {
  return {.strategy = strategy, .intensity = 100, .auto_shutdown = shutdown};
}

child_spec significant(std::string id, restart_type restart = transient) {
  auto result = worker(std::move(id), restart);
  result.significant = true;
  return result;
}

child_spec revised(std::string id, std::string revision, restart_type restart = permanent) {
  auto result = worker(std::move(id), restart);
  result.revision = std::move(revision);
  return result;
}

} // namespace

CAF_TEST_FIXTURE_SCOPE(rules_tests, supervision_fixture)

// -- which ends are followed by a restart -----------------------------------------------------------------------------

CAF_TEST(what follows an end depends on restart type and reason) {
  auto restarted = "start a";
  struct row {
    restart_type type;
    std::string normal, shutdown, crash, kill;
  };
  for (auto& x :
       {row{permanent, restarted, restarted, restarted, restarted}, row{transient, "", "", restarted, restarted},
        row{temporary, "forget a", "forget a", "forget a", "forget a"}}) {
    auto follows = [&](error why) {
      boot(lenient(one_for_one), {worker("a", x.type)});
      return exits("a", std::move(why));
    };
    CAF_MESSAGE(to_string(x.type));
    CAF_CHECK_EQUAL(follows({}), x.normal);
    CAF_CHECK_EQUAL(follows(test::shutdown()), x.shutdown);
    CAF_CHECK_EQUAL(follows(test::crash()), x.crash);
    CAF_CHECK_EQUAL(follows(caf::exit_reason::kill), x.kill);
  }
}

CAF_TEST(a transient child that ended normally keeps its spec) {
  boot(lenient(one_for_one), {worker("a", transient)});
  exits("a", {});
  CAF_CHECK_EQUAL(states(), "a undefined");
  rules->restart_child("a", told());
  CAF_CHECK_EQUAL(done(), "start a, done");
}

CAF_TEST(a peer that exits with status 0 has ended normally) {
  boot(lenient(one_for_one), {worker("a", transient)});
  CAF_CHECK_EQUAL(exits("a", status(1)), "start a");
  CAF_CHECK_EQUAL(exits("a", status(0)), "");
}

CAF_TEST(final statuses want no restart whatever the type) {
  for (auto type : {permanent, transient}) {
    auto spec = worker("a", type);
    spec.final_statuses = {0, 3};
    boot(lenient(one_for_one), {spec});
    CAF_CHECK_EQUAL(exits("a", status(4)), "start a");
    CAF_CHECK_EQUAL(exits("a", status(3)), "");
    CAF_CHECK_EQUAL(states(), "a undefined");
    boot(lenient(one_for_one), {spec});
    CAF_CHECK_EQUAL(exits("a", status(0)), "");
  }
}

CAF_TEST(the end of an earlier generation means nothing) {
  boot(lenient(one_for_one), {worker("a")});
  CAF_CHECK_EQUAL(exits("a"), "start a");
  rules->on_exit("a", 1, test::crash());
  CAF_CHECK_EQUAL(done(), "");
  CAF_CHECK_EQUAL(exits("a"), "start a");
  CAF_CHECK_EQUAL(rules->find("a")->restarts, 2u);
}

// -- strategies -------------------------------------------------------------------------------------------------------

CAF_TEST(one_for_one restarts that child) {
  boot(lenient(one_for_one), {worker("a"), worker("b"), worker("c")});
  CAF_CHECK_EQUAL(exits("b"), "start b");
}

CAF_TEST(one_for_all stops all others in reverse order and starts all) {
  boot(lenient(one_for_all), {worker("a"), worker("b"), worker("c")});
  CAF_CHECK_EQUAL(exits("b"), "stop c, stop a, start a, start b, start c");
}

CAF_TEST(rest_for_one restarts that child and those behind it) {
  boot(lenient(rest_for_one), {worker("a"), worker("b"), worker("c"), worker("d")});
  CAF_CHECK_EQUAL(exits("b"), "stop d, stop c, start b, start c, start d");
  CAF_CHECK_EQUAL(exits("d"), "start d");
}

CAF_TEST(strategies for several children drop temporary ones and start those that were stopped) {
  boot(lenient(one_for_all), {worker("a"), worker("b", temporary), worker("c")});
  rules->terminate_child("c", told());
  done();
  CAF_CHECK_EQUAL(exits("a"), "stop b, forget b, start a, start c");
  CAF_CHECK_EQUAL(states(), "a running, c running");
}

CAF_TEST(the end of a temporary child restarts nobody) {
  boot(lenient(one_for_all), {worker("a"), worker("b", temporary)});
  CAF_CHECK_EQUAL(exits("b"), "forget b");
}

// -- intensity --------------------------------------------------------------------------------------------------------

CAF_TEST(a supervisor gives up at one restart too many within the period) {
  boot({.intensity = 2, .period = 10s}, {worker("a"), worker("b")});
  CAF_CHECK_EQUAL(exits("b"), "start b");
  time += 10s;
  CAF_CHECK_EQUAL(exits("b"), "start b");
  events.clear();
  CAF_CHECK_EQUAL(exits("b"), "stop a, over");
  CAF_CHECK_EQUAL(events, "b exited, b gave_up, a stopping, a stopped");
  CAF_CHECK_EQUAL(*end, test::shutdown());
}

CAF_TEST(what is older than the period does not count) {
  boot({.intensity = 1, .period = 10s}, {worker("a")});
  CAF_CHECK_EQUAL(exits("a"), "start a");
  time += 10s + 1ns;
  CAF_CHECK_EQUAL(exits("a"), "start a");
  time += 10s;
  CAF_CHECK_EQUAL(exits("a"), "over");
}

CAF_TEST(with intensity 0 the first restart is one too many) {
  boot({.intensity = 0}, {worker("a"), worker("b", transient)});
  CAF_CHECK_EQUAL(exits("b", {}), "");
  CAF_CHECK_EQUAL(exits("a"), "over");
}

CAF_TEST(restarts of all children count together) {
  boot({.intensity = 1}, {worker("a"), worker("b")});
  CAF_CHECK_EQUAL(exits("a"), "start a");
  CAF_CHECK_EQUAL(exits("b"), "stop a, over");
}

CAF_TEST(a restart of all children is one restart) {
  boot({.strategy = one_for_all, .intensity = 1}, {worker("a"), worker("b")});
  CAF_CHECK_EQUAL(exits("a"), "stop b, start a, start b");
  CAF_CHECK_EQUAL(exits("b"), "stop a, over");
}

CAF_TEST(a supervisor that gave up is a child that ended with shutdown) {
  boot({.intensity = 0}, {worker("a")});
  exits("a");
  auto why = *end;
  end.reset();
  boot(lenient(one_for_one), {worker("below", transient)});
  CAF_CHECK_EQUAL(exits("below", why), "");
  boot(lenient(one_for_one), {worker("below")});
  CAF_CHECK_EQUAL(exits("below", why), "start below");
}

CAF_TEST(a storm of restarts ends) {
  boot({.intensity = 1000, .period = 1h}, {worker("a")});
  auto count = 0;
  while (!end && exits("a") == "start a")
    ++count;
  CAF_CHECK_EQUAL(count, 1000);
  CAF_CHECK(end.has_value());
}

// -- starts that fail -------------------------------------------------------------------------------------------------

CAF_TEST(a child that does not start at boot stops those before it) {
  failures["b"] = 1;
  rules = std::make_unique<peer::internal::supervisor::supervision>(
      *this, supervisor_spec{lenient(one_for_one), {worker("a"), worker("b"), worker("c")}});
  rules->boot(told());
  CAF_CHECK_EQUAL(done(), "start a, start b, stop a, over, failed_to_start_child");
  CAF_CHECK_EQUAL(*end, errc::failed_to_start_child);
}

CAF_TEST(a child that ignores its start stays unless it is temporary) {
  ignoring = "a";
  boot(lenient(one_for_one), {worker("a"), worker("b")});
  CAF_CHECK_EQUAL(states(), "a undefined, b running");
  boot(lenient(one_for_one), {worker("a", temporary), worker("b")});
  CAF_CHECK_EQUAL(states(), "b running");
}

CAF_TEST(a restart that fails is tried again and each try counts) {
  boot({.intensity = 3}, {worker("a")});
  failures["a"] = 2;
  CAF_CHECK_EQUAL(exits("a"), "start a, start a, start a");
  CAF_CHECK_EQUAL(states(), "a running");
  failures["a"] = 1;
  CAF_CHECK_EQUAL(exits("a"), "over");
}

CAF_TEST(a child that cannot be started any more ends its supervisor) {
  boot({.intensity = 3}, {worker("a")});
  failures["a"] = 100;
  CAF_CHECK_EQUAL(exits("a"), "start a, start a, start a, over");
}

CAF_TEST(one_for_all starts nothing behind what fails and tries all again) {
  boot(lenient(one_for_all), {worker("a"), worker("b"), worker("c")});
  failures["b"] = 1;
  CAF_CHECK_EQUAL(exits("c"), "stop b, stop a, start a, start b, stop a, start a, start b, start c");
}

CAF_TEST(rest_for_one tries again from what failed on) {
  boot(lenient(rest_for_one), {worker("a"), worker("b"), worker("c")});
  failures["b"] = 1;
  CAF_CHECK_EQUAL(exits("a"), "stop c, stop b, start a, start b, start b, start c");
}

// -- significant children ---------------------------------------------------------------------------------------------

CAF_TEST(with any_significant the end of one significant child is the end) {
  boot(lenient(one_for_one, auto_shutdown::any_significant), {worker("a", transient), significant("b"), worker("c")});
  CAF_CHECK_EQUAL(exits("a", {}), "");
  CAF_CHECK_EQUAL(exits("b"), "start b");
  CAF_CHECK_EQUAL(exits("b", {}), "stop c, over");
  CAF_CHECK_EQUAL(*end, test::shutdown());
}

CAF_TEST(with all_significant it is the end of the last one) {
  boot(lenient(one_for_one, auto_shutdown::all_significant),
       {significant("a"), significant("b", temporary), worker("c")});
  CAF_CHECK_EQUAL(exits("b"), "forget b");
  CAF_CHECK_EQUAL(exits("a", {}), "stop c, over");
}

CAF_TEST(a significant child that was stopped on request ends nobody) {
  boot(lenient(one_for_one, auto_shutdown::any_significant), {significant("a"), worker("b")});
  rules->terminate_child("a", told());
  CAF_CHECK_EQUAL(done(), "stop a, done");
  CAF_CHECK(!end);
}

CAF_TEST(a significant child that waits for its restart has not ended) {
  auto waits = significant("a");
  waits.backoff = restart_backoff{};
  boot(lenient(one_for_one, auto_shutdown::all_significant), {waits, significant("b")});
  CAF_CHECK_EQUAL(exits("a"), "retry a");
  CAF_CHECK_EQUAL(exits("b", {}), "");
  CAF_CHECK_EQUAL(retry(), "start a");
  CAF_CHECK_EQUAL(exits("a", {}), "over");
}

// -- requests ---------------------------------------------------------------------------------------------------------

CAF_TEST(a child can be added unless there is one of that id) {
  boot(lenient(one_for_one), {worker("a"), worker("b")});
  rules->start_child(worker("c"), told_id());
  CAF_CHECK_EQUAL(done(), "start c, done c");
  rules->start_child(worker("c"), told_id());
  CAF_CHECK_EQUAL(done(), "already_started");
  rules->terminate_child("c", told());
  rules->start_child(worker("c"), told_id());
  CAF_CHECK_EQUAL(done(), "stop c, done, already_present");
  rules->start_child(std::vector<term>{}, told_id());
  CAF_CHECK_EQUAL(done(), "invalid_option");
  rules->start_child(significant("d"), told_id());
  CAF_CHECK_EQUAL(done(), "invalid_option");
}

CAF_TEST(a child that is added and does not start leaves nothing) {
  boot(lenient(one_for_one), {worker("a")});
  failures["b"] = 1;
  rules->start_child(worker("b"), told_id());
  CAF_CHECK_EQUAL(done(), "start b, forget b, failed_to_start_child");
  CAF_CHECK_EQUAL(states(), "a running");
}

CAF_TEST(an added child is restarted with the others) {
  boot(lenient(rest_for_one), {worker("a")});
  rules->start_child(worker("b"), told_id());
  done();
  CAF_CHECK_EQUAL(exits("a"), "stop b, start a, start b");
}

CAF_TEST(a stopped child can be restarted or deleted and a running one cannot) {
  boot(lenient(one_for_one), {worker("a")});
  rules->restart_child("a", told());
  rules->delete_child("a", told());
  CAF_CHECK_EQUAL(done(), "running, running");
  rules->terminate_child("a", told());
  rules->terminate_child("a", told());
  CAF_CHECK_EQUAL(done(), "stop a, done, done");
  rules->restart_child("a", told());
  CAF_CHECK_EQUAL(done(), "start a, done");
  rules->terminate_child("a", told());
  rules->delete_child("a", told());
  CAF_CHECK_EQUAL(done(), "stop a, done, forget a, done");
  rules->restart_child("a", told());
  rules->delete_child("a", told());
  rules->terminate_child("a", told());
  CAF_CHECK_EQUAL(done(), "not_found, not_found, not_found");
}

CAF_TEST(a restart on request that fails is not tried again) {
  boot(lenient(one_for_one), {worker("a")});
  rules->terminate_child("a", told());
  done();
  failures["a"] = 1;
  rules->restart_child("a", told());
  CAF_CHECK_EQUAL(done(), "start a, failed_to_start_child");
  CAF_CHECK_EQUAL(states(), "a undefined");
  CAF_CHECK_EQUAL(rules->find("a")->restarts, 0u);
}

CAF_TEST(a temporary child that is terminated is forgotten) {
  boot(lenient(one_for_one), {worker("a", temporary)});
  rules->terminate_child("a", told());
  CAF_CHECK_EQUAL(done(), "stop a, forget a, done");
}

CAF_TEST(requests of a supervisor that has ended fail) {
  boot(lenient(one_for_one), {worker("a")});
  rules->shut_down({});
  done();
  rules->start_child(worker("b"), told_id());
  rules->start_child(std::vector<term>{}, told_id());
  rules->terminate_child("a", told());
  rules->restart_child("a", told());
  rules->delete_child("a", told());
  rules->apply({}, told());
  rules->boot(told());
  CAF_CHECK_EQUAL(done(), "noproc, noproc, noproc, noproc, noproc, noproc, noproc");
}

// -- dynamic children -------------------------------------------------------------------------------------------------

CAF_TEST(children of one pattern come and go) {
  boot(lenient(simple_one_for_one), {worker("w")});
  CAF_CHECK_EQUAL(states(), "");
  rules->start_child(std::vector<term>{term{1}}, told_id());
  rules->start_child(std::vector<term>{term{2}}, told_id());
  CAF_CHECK_EQUAL(done(), "start w-1, done w-1, start w-2, done w-2");
  CAF_CHECK_EQUAL(rules->find("w-2")->arguments, std::vector<term>{term{2}});
  CAF_CHECK_EQUAL(exits("w-2"), "start w-2");
  CAF_CHECK_EQUAL(rules->find("w-2")->arguments, std::vector<term>{term{2}});
  rules->terminate_child("w-1", told());
  CAF_CHECK_EQUAL(done(), "stop w-1, forget w-1, done");
  rules->restart_child("w-2", told());
  rules->delete_child("w-2", told());
  rules->start_child(worker("x"), told_id());
  rules->apply({}, told());
  CAF_CHECK_EQUAL(done(), "simple_one_for_one, simple_one_for_one, simple_one_for_one, simple_one_for_one");
}

CAF_TEST(an id of a dynamic child is not used again) {
  boot(lenient(simple_one_for_one), {worker("w", temporary)});
  rules->start_child(std::vector<term>{}, told_id());
  CAF_CHECK_EQUAL(exits("w-1"), "start w-1, done w-1, forget w-1");
  rules->start_child(std::vector<term>{}, told_id());
  CAF_CHECK_EQUAL(done(), "start w-2, done w-2");
}

CAF_TEST(a dynamic child that ended for good is forgotten) {
  boot(lenient(simple_one_for_one), {worker("w", transient)});
  rules->start_child(std::vector<term>{}, told_id());
  done();
  CAF_CHECK_EQUAL(exits("w-1", {}), "forget w-1");
}

CAF_TEST(a dynamic child that ignores its restart is forgotten) {
  boot(lenient(simple_one_for_one), {worker("w")});
  rules->start_child(std::vector<term>{}, told_id());
  done();
  ignoring = "w-1";
  CAF_CHECK_EQUAL(exits("w-1"), "start w-1, forget w-1");
  rules->shut_down({});
  CAF_CHECK_EQUAL(done(), "over normally");
}

CAF_TEST(dynamic children are stopped all at once) {
  boot(lenient(simple_one_for_one), {worker("w")});
  for (auto i = 0; i < 3; ++i)
    rules->start_child(std::vector<term>{}, told_id());
  done();
  patience = true;
  rules->shut_down({});
  CAF_CHECK_EQUAL(done(), "stop w-3, stop w-2, stop w-1");
  CAF_CHECK_EQUAL(stopped("w-2"), "");
  CAF_CHECK_EQUAL(stopped("w-1"), "");
  CAF_CHECK_EQUAL(stopped("w-3"), "over normally");
}

// -- another list of children -----------------------------------------------------------------------------------------

CAF_TEST(apply leaves alone what is the same) {
  boot(lenient(one_for_one), {revised("a", "1"), revised("b", "1"), revised("c", "1"), revised("d", "1")});
  rules->apply({lenient(one_for_one), {revised("e", "1"), revised("d", "2"), revised("a", "1"), revised("b", "2")}},
               told());
  CAF_CHECK_EQUAL(done(), "stop c, stop b, stop d, start e, start d, start b, forget c, done");
  CAF_CHECK_EQUAL(states(), "e running, d running, a running, b running");
  CAF_CHECK_EQUAL(generation("a"), 1u);
  CAF_CHECK_EQUAL(rules->find("b")->spec.revision, "2");
}

CAF_TEST(apply tells what could not be started and starts the rest) {
  boot(lenient(one_for_one), {revised("a", "1"), revised("b", "1")});
  failures["a"] = 1;
  rules->apply({lenient(one_for_one), {revised("a", "2"), revised("b", "2")}}, told());
  CAF_CHECK_EQUAL(done(), "stop b, stop a, start a, start b, failed_to_start_child");
  CAF_CHECK_EQUAL(states(), "a undefined, b running");
}

CAF_TEST(apply restarts a temporary child that has changed) {
  boot(lenient(one_for_one), {revised("a", "1", temporary)});
  rules->apply({lenient(one_for_one), {revised("a", "2", temporary)}}, told());
  CAF_CHECK_EQUAL(done(), "stop a, start a, done");
  CAF_CHECK_EQUAL(rules->find("a")->spec.revision, "2");
  CAF_CHECK_EQUAL(exits("a"), "forget a");
}

CAF_TEST(apply changes nothing if the new spec is wrong) {
  boot(lenient(one_for_one), {revised("a", "1")});
  rules->apply({lenient(one_for_one), {revised("b", "1"), revised("b", "1")}}, told());
  CAF_CHECK_EQUAL(done(), "invalid_option");
  CAF_CHECK_EQUAL(states(), "a running");
}

CAF_TEST(apply changes the flags and keeps what has been counted) {
  boot(lenient(one_for_one), {revised("a", "1"), revised("b", "1")});
  exits("a");
  rules->apply({{.strategy = one_for_all, .intensity = 2}, {revised("a", "1"), revised("b", "1")}}, told());
  done();
  CAF_CHECK_EQUAL(exits("a"), "stop b, start a, start b");
  CAF_CHECK_EQUAL(exits("a"), "stop b, over");
}

CAF_TEST(apply starts a changed child that was stopped or waits for its restart) {
  auto waits = revised("a", "1");
  waits.backoff = restart_backoff{};
  boot(lenient(one_for_one), {waits, revised("b", "1")});
  exits("a");
  rules->terminate_child("b", told());
  done();
  rules->apply({lenient(one_for_one), {revised("a", "2"), revised("b", "2")}}, told());
  CAF_CHECK_EQUAL(done(), "start a, start b, done");
  CAF_CHECK_EQUAL(retry(), ""); // out of date
}

CAF_TEST(a shutdown cuts apply short) {
  boot(lenient(one_for_one), {revised("a", "1"), revised("b", "1")});
  patience = true;
  rules->apply({lenient(one_for_one), {revised("a", "2"), revised("c", "1")}}, told());
  CAF_CHECK_EQUAL(done(), "stop b");
  rules->shut_down({});
  CAF_CHECK_EQUAL(stopped("b"), "stop a");
  CAF_CHECK_EQUAL(stopped("a"), "over normally, noproc");
}

// -- back-off ---------------------------------------------------------------------------------------------------------

CAF_TEST(a restart with a back - off waits and can be given up meanwhile) {
  auto spec = worker("a");
  spec.backoff = restart_backoff{.initial = 1s, .jitter = 0};
  boot(lenient(one_for_one), {spec});
  CAF_CHECK_EQUAL(exits("a"), "retry a");
  CAF_CHECK_EQUAL(states(), "a restarting");
  rules->delete_child("a", told());
  CAF_CHECK_EQUAL(done(), "restarting");
  CAF_CHECK_EQUAL(retry(), "start a");
  CAF_CHECK_EQUAL(exits("a"), "retry a");
  rules->terminate_child("a", told());
  CAF_CHECK_EQUAL(done(), "done");
  CAF_CHECK_EQUAL(retry(), "");
  CAF_CHECK(delays == (std::vector<caf::timespan>{1s, 2s}));
}

CAF_TEST(a back - off covers starts that fail and each one counts) {
  auto spec = worker("a");
  spec.backoff = restart_backoff{.initial = 1s, .jitter = 0};
  boot({.intensity = 3, .period = 1h}, {spec});
  failures["a"] = 5;
  CAF_CHECK_EQUAL(exits("a"), "retry a");
  CAF_CHECK_EQUAL(retry(), "start a, retry a");
  CAF_CHECK_EQUAL(retry(), "start a, retry a");
  CAF_CHECK_EQUAL(retry(), "start a, over");
  CAF_CHECK(delays == (std::vector<caf::timespan>{1s, 2s, 4s}));
}

CAF_TEST(a delay of one child does not hold up the others) {
  auto spec = worker("a");
  spec.backoff = restart_backoff{};
  boot(lenient(one_for_one), {spec, worker("b")});
  exits("a");
  CAF_CHECK_EQUAL(exits("b"), "start b");
  rules->shut_down({});
  CAF_CHECK_EQUAL(done(), "stop b, over normally");
  CAF_CHECK_EQUAL(retry(), "");
}

CAF_TEST(a delay that began before the child was started by hand is out of date) {
  auto spec = worker("a");
  spec.backoff = restart_backoff{};
  boot(lenient(one_for_one), {spec});
  exits("a");
  rules->terminate_child("a", told());
  rules->restart_child("a", told());
  done();
  CAF_CHECK_EQUAL(exits("a"), "retry a");
  CAF_CHECK_EQUAL(retry(), ""); // the first one
  CAF_CHECK_EQUAL(states(), "a restarting");
  CAF_CHECK_EQUAL(retry(), "start a");
}

// -- events -----------------------------------------------------------------------------------------------------------

CAF_TEST(events tell everything in its order) {
  patience = true;
  boot({.intensity = 1}, {worker("a"), worker("b", temporary)});
  ready("a");
  ready("b");
  CAF_CHECK_EQUAL(std::exchange(events, {}), "a starting, a ready, b starting, b ready");
  exits("b");
  CAF_CHECK_EQUAL(std::exchange(events, {}), "b exited, b removed");
  exits("a");
  ready("a");
  CAF_CHECK_EQUAL(std::exchange(events, {}), "a exited, a restarting, a starting, a ready");
  rules->terminate_child("a", told());
  stopped("a");
  CAF_CHECK_EQUAL(std::exchange(events, {}), "a stopping, a stopped");
  rules->restart_child("a", told());
  fails("a");
  CAF_CHECK_EQUAL(std::exchange(events, {}), "a starting, a start_failed");
}

CAF_TEST_FIXTURE_SCOPE_END()
