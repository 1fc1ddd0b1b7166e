// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.supervisor.child_spec

#include "peer/child_spec.hpp"
#include "supervision_fixture.hpp"

#include <limits>

using namespace peer;
using namespace peer::test;
using namespace std::chrono_literals;

namespace {

child_spec peer_spec(std::string id) {
  auto options = start_options{};
  options.exec = exec{"/bin/peer"};
  return {.id = std::move(id), .start = std::move(options)};
}

child_spec tree(std::string id, std::vector<child_spec> children, supervisor_flags flags = {}) {
  return {.id = std::move(id), .start = supervisor_spec{flags, std::move(children)}};
}

/// The text of the error, "" if the spec is valid.
std::string complaint(const error& err) {
  if (err && err != errc::invalid_option)
    return "an error of another kind: " + caf::to_string(err);
  return err ? text_of(err) : std::string{};
}

/// A worker with one thing that is different, and what is said of it.
std::string complaint_about(auto change) {
  auto spec = worker("a");
  change(spec);
  return complaint(validate(spec));
}

std::string complaint_about_peer(auto change) {
  auto spec = peer_spec("p");
  change(spec, std::get<start_options>(spec.start));
  return complaint(validate(spec));
}

} // namespace

CAF_TEST(defaults are those of OTP) {
  auto flags = supervisor_flags{};
  CAF_CHECK(flags.strategy == restart_strategy::one_for_one);
  CAF_CHECK_EQUAL(flags.intensity, 1u);
  CAF_CHECK_EQUAL(flags.period, caf::timespan{5s});
  CAF_CHECK(flags.auto_shutdown == auto_shutdown::never);
  auto spec = worker("a");
  CAF_CHECK(spec.restart == restart_type::permanent);
  CAF_CHECK(!spec.significant);
  CAF_CHECK(type_of(spec) == child_type::worker);
  CAF_CHECK_EQUAL(std::get<caf::timespan>(shutdown_of(spec)), caf::timespan{5s});
  spec.type = child_type::supervisor;
  CAF_CHECK_EQUAL(std::get<caf::timespan>(shutdown_of(spec)), caf::infinite);
  auto below = tree("t", {});
  CAF_CHECK(type_of(below) == child_type::supervisor);
  CAF_CHECK_EQUAL(std::get<caf::timespan>(shutdown_of(below)), caf::infinite);
}

CAF_TEST(what is beyond OTP is off by default) {
  auto spec = worker("a");
  CAF_CHECK(!spec.backoff);
  CAF_CHECK(spec.final_statuses.empty());
  CAF_CHECK(std::holds_alternative<std::monostate>(spec.ready));
}

CAF_TEST(a valid tree is valid) {
  CAF_CHECK_EQUAL(complaint(validate(supervisor_spec{{}, {worker("a"), peer_spec("p"), tree("t", {worker("a")})}})),
                  "");
  CAF_CHECK_EQUAL(complaint(check_childspecs({worker("a"), worker("b")})), "");
}

CAF_TEST(a child needs an id without a slash) {
  CAF_CHECK_EQUAL(complaint(validate(worker(""))), "child: id: a child needs one");
  CAF_CHECK_EQUAL(complaint(validate(worker("a/b"))),
                  "child 'a/b': id: must not contain '/', which separates the parts of a path");
}

CAF_TEST(no two siblings have the same id) {
  CAF_CHECK_EQUAL(complaint(check_childspecs({worker("a"), worker("b"), worker("a")})),
                  "child 'a': id: another child has it already");
  CAF_CHECK_EQUAL(complaint(validate(supervisor_spec{{}, {tree("t", {tree("u", {worker("a"), worker("a")})})}})),
                  "child 't/u/a': id: another child has it already");
}

CAF_TEST(significant needs an auto_shutdown and a restart type that fit) {
  auto spec = worker("a", restart_type::transient);
  spec.significant = true;
  CAF_CHECK_EQUAL(complaint(validate(spec)), "child 'a': significant: the supervisor's auto_shutdown is 'never'");
  CAF_CHECK_EQUAL(complaint(validate(spec, auto_shutdown::any_significant)), "");
  spec.restart = restart_type::permanent;
  CAF_CHECK_EQUAL(complaint(validate(spec, auto_shutdown::all_significant)),
                  "child 'a': significant: a permanent child cannot be");
  CAF_CHECK_EQUAL(complaint(check_childspecs({spec}, auto_shutdown::all_significant)),
                  "child 'a': significant: a permanent child cannot be");
}

CAF_TEST(times to stop are not negative) {
  CAF_CHECK_EQUAL(complaint_about([](auto& x) { x.shutdown = caf::timespan{-1ms}; }),
                  "child 'a': shutdown must not be negative, but is -1000000ns");
  CAF_CHECK_EQUAL(complaint_about([](auto& x) { x.shutdown = caf::timespan{0}; }), "");
}

CAF_TEST(a back - off has times and factors that make sense) {
  auto about = [](auto change) { return complaint_about([&](auto& x) { change(x.backoff.emplace()); }); };
  CAF_CHECK_EQUAL(about([](auto&) {}), "");
  CAF_CHECK_EQUAL(about([](auto& x) { x.initial = caf::timespan{0}; }),
                  "child 'a': backoff: initial must be a time longer than 0, not 0s");
  CAF_CHECK_EQUAL(about([](auto& x) { x.maximum = 99ms; }),
                  "child 'a': backoff: maximum (99ms) is less than initial (100ms)");
  CAF_CHECK_EQUAL(about([](auto& x) { x.maximum = caf::infinite; }),
                  "child 'a': backoff: maximum must be a time, not infinite");
  CAF_CHECK_EQUAL(about([](auto& x) { x.factor = 0.5; }),
                  "child 'a': backoff: factor must be at least 1, not 0.500000");
  CAF_CHECK_EQUAL(about([](auto& x) { x.factor = std::numeric_limits<double>::quiet_NaN(); }),
                  "child 'a': backoff: factor must be at least 1, not nan");
  CAF_CHECK_EQUAL(about([](auto& x) { x.jitter = 1.5; }),
                  "child 'a': backoff: jitter must be from 0 to 1, not 1.500000");
  CAF_CHECK_EQUAL(about([](auto& x) { x.jitter = -0.5; }),
                  "child 'a': backoff: jitter must be from 0 to 1, not -0.500000");
  CAF_CHECK_EQUAL(about([](auto& x) { x.reset_after = caf::timespan{-1s}; }),
                  "child 'a': backoff: reset_after must not be negative, but is -1000000000ns");
}

CAF_TEST(readiness takes time and a probe a function) {
  auto about = [](readiness what) { return complaint_about([&](auto& x) { x.ready = what; }); };
  CAF_CHECK_EQUAL(about(says_ready{}), "");
  CAF_CHECK_EQUAL(about(says_ready{.within = caf::infinite}), "");
  CAF_CHECK_EQUAL(about(says_ready{.within = caf::timespan{0}}),
                  "child 'a': ready: within must be longer than 0, not 0s");
  CAF_CHECK_EQUAL(about(ready_probe{"m", "f"}), "");
  CAF_CHECK_EQUAL(about(ready_probe{"m", ""}), "child 'a': ready: a probe needs a module and a function");
  CAF_CHECK_EQUAL(about(ready_probe{.module = "m", .function = "f", .interval = caf::timespan{0}}),
                  "child 'a': ready: interval must be longer than 0, not 0s");
  CAF_CHECK_EQUAL(about(ready_probe{.module = "m", .function = "f", .within = caf::timespan{0}}),
                  "child 'a': ready: within must be longer than 0, not 0s");
}

CAF_TEST(an actor needs a function that makes it and has no exit status) {
  CAF_CHECK_EQUAL(complaint_about([](auto& x) { x.start = actor_factory{}; }),
                  "child 'a': start: the function is empty");
  CAF_CHECK_EQUAL(complaint_about([](auto& x) { x.final_statuses = {3}; }),
                  "child 'a': final_statuses: only peers have an exit status");
}

CAF_TEST(a peer has options that a supervisor can work with) {
  CAF_CHECK_EQUAL(complaint_about_peer([](auto&, auto& options) { options.wait_boot = no_wait{}; }),
                  "child 'p': wait_boot: a supervisor waits itself, so this must be a time");
  CAF_CHECK_EQUAL(complaint_about_peer([](auto&, auto& options) { options.peer_down = peer_down::continue_; }),
                  "child 'p': peer_down: 'continue' would hide the end from the supervisor");
  CAF_CHECK_EQUAL(complaint_about_peer([](auto& spec, auto&) { spec.type = child_type::supervisor; }),
                  "child 'p': type: a peer is a worker");
  CAF_CHECK_EQUAL(complaint_about_peer([](auto& spec, auto&) {
                    spec.final_statuses = {0, 255, 256};
                  }),
                  "child 'p': final_statuses: an exit status is from 0 to 255, not 256");
  auto wrong = complaint_about_peer([](auto&, auto& options) { options.shutdown = caf::timespan{-1s}; });
  CAF_CHECK(wrong.starts_with("child 'p': "));
  CAF_CHECK(wrong.find("shutdown") != std::string::npos);
}

CAF_TEST(a supervisor below another one is a supervisor and checked itself) {
  auto below = tree("t", {worker("a")});
  below.type = child_type::worker;
  CAF_CHECK_EQUAL(complaint(validate(below)), "child 't': type: this child is a supervisor");
  below = tree("t", {worker("a")});
  below.ready = says_ready{};
  CAF_CHECK_EQUAL(complaint(validate(below)), "child 't': ready: a supervisor is ready when its children are");
  below = tree("t", {worker("a")});
  below.final_statuses = {1};
  CAF_CHECK_EQUAL(complaint(validate(below)), "child 't': final_statuses: only peers have an exit status");
  CAF_CHECK_EQUAL(complaint(validate(supervisor_spec{{}, {tree("t", {worker("")})}})),
                  "child 't/': id: a child needs one");
  CAF_CHECK_EQUAL(complaint(validate(supervisor_spec{{}, {tree("t", {}, {.period = caf::timespan{0}})}})),
                  "child 't': period must be longer than 0, not 0s");
}

CAF_TEST(flags of a supervisor are checked) {
  CAF_CHECK_EQUAL(complaint(validate(supervisor_spec{{.period = caf::timespan{0}}, {}})),
                  "supervisor: period must be longer than 0, not 0s");
  auto simple = supervisor_flags{.strategy = restart_strategy::simple_one_for_one};
  CAF_CHECK_EQUAL(complaint(validate(supervisor_spec{simple, {worker("a")}})), "");
  CAF_CHECK_EQUAL(complaint(validate(supervisor_spec{simple, {}})),
                  "supervisor: children: a simple_one_for_one supervisor has exactly one spec, not 0");
  CAF_CHECK_EQUAL(complaint(validate(supervisor_spec{{}, {tree("t", {worker("a"), worker("b")}, simple)}})),
                  "child 't': children: a simple_one_for_one supervisor has exactly one spec, not 2");
}

CAF_TEST(ends are normal by their reason or by the status of the peer) {
  auto spec = peer_spec("p");
  CAF_CHECK(classify(spec, {}) == end_kind::normal);
  CAF_CHECK(classify(spec, shutdown()) == end_kind::normal);
  CAF_CHECK(classify(spec, crash()) == end_kind::abnormal);
  CAF_CHECK(classify(spec, caf::exit_reason::kill) == end_kind::abnormal);
  CAF_CHECK(classify(spec, status(0)) == end_kind::normal);
  CAF_CHECK(classify(spec, status(1)) == end_kind::abnormal);
  spec.final_statuses = {0, 1};
  CAF_CHECK(classify(spec, status(0)) == end_kind::final_);
  CAF_CHECK(classify(spec, status(1)) == end_kind::final_);
}

CAF_TEST(a peer that exits with status 0 before it runs has failed) {
  auto end = failure{.who = "peer", .at = phase::boot, .connection = "inherited", .first = evidence::exit};
  end.status = exit_status{exit_status::kind::exited, 0, false, {}, {}, 0};
  CAF_CHECK(classify(peer_spec("p"), caf::make_error(errc::boot_failed, end)) == end_kind::abnormal);
}

CAF_TEST(a signal is no status) {
  auto end = failure{.who = "peer", .at = phase::running, .connection = "inherited", .first = evidence::exit};
  end.status = exit_status{exit_status::kind::signaled, 9, false, {}, {}, 0};
  auto spec = peer_spec("p");
  spec.final_statuses = {9};
  CAF_CHECK(classify(spec, caf::make_error(errc::exit_status, end)) == end_kind::abnormal);
}
