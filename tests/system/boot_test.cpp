// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// Starting a real erl, and programs that go no further.

#define CAF_SUITE peer.system.boot

#include "support/look_until.hpp"
#include "support/system_fixture.hpp"

#include <csignal>
#include <filesystem>
#include <set>

#include <unistd.h>

using namespace peer::test;
using namespace std::chrono_literals;

using peer::atom;
using peer::term;

namespace {

struct fixture : with_notices<system_fixture> {
  /// Checks that no message has arrived. Whoever could have sent one must be known to be done.
  void check_mailbox_empty() { CAF_CHECK(self->mailbox().empty()); }

  /// Checks that options are refused, with the name of the option in the text.
  void check_refused(const peer::start_options& options, std::string_view option) {
    auto err = start_failure(options);
    CAF_CHECK_EQUAL(err, peer::errc::invalid_option);
    check_contains(peer::describe(err), "'" + std::string{option} + "'");
    CAF_CHECK_EQUAL(guard.descendants().size(), 0u);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(boot_tests, fixture)

// -- a peer that runs -------------------------------------------------------------------------------------------------

CAF_TEST(erl boots and tells its name and state) {
  auto worker = start(erl());
  CAF_CHECK_EQUAL(worker.node(), atom{"nonode@nohost"});
  auto status = value_of(worker.get_state());
  CAF_CHECK_EQUAL(status.state, peer::peer_state::running);
  CAF_CHECK_EQUAL(status.node, atom{"nonode@nohost"});
  CAF_CHECK(!status.reason);
  CAF_CHECK_EQUAL(value_of(worker.call<term>("os", "getpid")), charlist(std::to_string(process_of(worker))));
}

CAF_TEST(the whole state can be looked at) {
  auto options = erl();
  options.args = {"-extra_flag"};
  auto worker = start(options);
  CAF_CHECK(worker.call<atom>("erlang", "node"));
  auto state = value_of(worker.state());
  auto field = [&](const char* key) {
    auto value = state.get_if<peer::erl::map>()->find(atom{key});
    CAF_REQUIRE(value);
    return to_string(*value);
  };
  CAF_CHECK_EQUAL(field("exec"), "<<\"erl\">>");
  CAF_CHECK_EQUAL(field("args"),
                  "[<<\"-extra_flag\">>,<<\"-user\">>,<<\"peer\">>,<<\"-peer_origin\">>,<<\"libpeer\">>]");
  CAF_CHECK_EQUAL(field("peer_state"), "running");
  CAF_CHECK_EQUAL(field("seq"), "1");
  CAF_CHECK_EQUAL(field("outstanding"), "#{}");
  CAF_CHECK(worker.stop());
  CAF_CHECK_EQUAL(error_of(worker.state()), peer::errc::noproc);
}

CAF_TEST(the peer leads a session of its own) {
  auto worker = start(erl());
  auto id = process_of(worker);
  CAF_CHECK_EQUAL(getsid(id), id);
  CAF_CHECK_EQUAL(getpgid(id), id);
  CAF_CHECK_NOT_EQUAL(getsid(0), id);
}

CAF_TEST(a peer with a name is that node) {
  auto options = erl();
  options.name = peer::random_name();
  options.args = {"-start_epmd", "false", "-dist_listen", "false"}; // epmd would outlive the test
  auto name = options.name;
  auto worker = start(std::move(options));
  CAF_CHECK_EQUAL(worker.node().name().substr(0, name.size() + 1), name + "@");
  CAF_CHECK_EQUAL(value_of(worker.call<atom>("erlang", "node")), worker.node());
  CAF_CHECK(!worker.send("no_such_name", 1));
  check_alive(worker);
}

CAF_TEST(arguments and environment and directory reach the peer) {
  auto options = erl();
  options.args = {"-extra_flag", "with value", "-empty", ""};
  options.env.emplace_back("LIBPEER_TEST_VARIABLE", "w\xC3\xA9rt=1");
  options.env.emplace_back("HOME", std::nullopt);
  options.process.working_directory = "/";
  options.post_process_args = [](std::vector<std::string> args) {
    args.insert(args.begin(), {"-first", "word"});
    return args;
  };
  auto worker = start(std::move(options));
  CAF_CHECK_EQUAL(evaluate(worker, "init:get_argument(extra_flag)"), "{ok, [[\"with value\"]]}"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "init:get_argument(empty)"), "{ok, [[[]]]}"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "init:get_argument(first)"), "{ok, [[\"word\"]]}"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "unicode:characters_to_binary(os:getenv(\"LIBPEER_TEST_VARIABLE\"))"),
                  "<<\"w\xC3\xA9rt=1\"/utf8>>"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "os:getenv(\"HOME\")"), "false"_term);
  CAF_CHECK_EQUAL(evaluate(worker, "file:get_cwd()"), "{ok, \"/\"}"_term);
}

CAF_TEST(a program inherits its three streams and nothing else) {
  auto leak = dup(STDIN_FILENO); // not close-on-exec
  auto err = start_failure(script("exec ls /proc/self/fd >&2"));
  close(leak);
  auto details = peer::failure_of(err);
  CAF_REQUIRE(details != nullptr);
  CAF_CHECK_EQUAL(details->last_words, (std::vector<std::string>{"0", "1", "2", "3"})); // 3: the directory
}

// -- wait_boot --------------------------------------------------------------------------------------------------------

CAF_TEST(wait_boot may be infinite) {
  auto options = erl();
  options.wait_boot = caf::infinite;
  check_alive(start(std::move(options)));
}

CAF_TEST(wait_boot can send a message instead of waiting) {
  auto options = erl();
  options.wait_boot = notify_me("the_tag");
  auto worker = start(std::move(options));
  CAF_CHECK_EQUAL(worker.node(), atom{});
  auto notice = next_notice();
  CAF_CHECK_EQUAL(notice.tag, "the_tag"_term);
  CAF_CHECK_EQUAL(notice.node, atom{"nonode@nohost"});
  CAF_CHECK(!notice.reason);
  CAF_CHECK_EQUAL(notice.control, worker.actor().address());
  CAF_CHECK_EQUAL(value_of(worker.get_state()).state, peer::peer_state::running);
  check_alive(worker);
  kill(process_of(worker), SIGKILL);
  CAF_CHECK_EQUAL((end_watch{*sys, worker.actor()}.reason()), caf::error{});
  check_mailbox_empty(); // the notice comes once
}

CAF_TEST(the message tells of a boot that failed) {
  for (auto policy : {peer::peer_down::stop, peer::peer_down::crash, peer::peer_down::continue_}) {
    auto options = script("echo 'last words' >&2; exit 7");
    options.wait_boot = notify_me("the_tag");
    options.peer_down = policy;
    auto worker = start(std::move(options));
    auto notice = next_notice();
    CAF_CHECK_EQUAL(notice.tag, "the_tag"_term);
    CAF_CHECK_EQUAL(notice.reason, peer::errc::boot_failed);
    CAF_CHECK_EQUAL(peer::to_reason(notice.reason), "{boot_failed, {exit_status, 7}}"_term);
    CAF_CHECK_EQUAL(notice.control, worker.actor().address());
    if (policy == peer::peer_down::continue_) {
      auto status = value_of(worker.get_state());
      CAF_CHECK_EQUAL(status.state, peer::peer_state::down);
      CAF_CHECK_EQUAL(status.reason, notice.reason);
      CAF_CHECK(worker.stop());
    } else {
      auto reason = end_watch{*sys, worker.actor()}.reason();
      CAF_CHECK_EQUAL(reason, policy == peer::peer_down::stop ? caf::error{} : notice.reason);
    }
    check_mailbox_empty();
  }
}

CAF_TEST(the message tells of a program that does not exist) {
  auto options = script("");
  options.exec = peer::exec{"/no/such/program"};
  options.wait_boot = notify_me("the_tag");
  auto worker = start(std::move(options));
  auto notice = next_notice();
  CAF_CHECK_EQUAL(notice.reason, peer::errc::boot_failed);
  check_contains(peer::describe(notice.reason), "/no/such/program");
}

CAF_TEST(calls may be made while the peer boots) {
  auto options = erl();
  options.wait_boot = peer::no_wait{};
  auto worker = start(std::move(options));
  check_alive(worker);
  self->request(worker.actor(), caf::infinite, peer::await_boot_atom_v)
      .receive([](const peer::peer_status& booted) { CAF_CHECK_EQUAL(booted.node, atom{"nonode@nohost"}); },
               [](const caf::error& err) { CAF_ERROR(peer::describe(err)); });
}

CAF_TEST(a peer that nobody waits for fails silently) {
  auto options = script("exit 7");
  options.wait_boot = peer::no_wait{};
  options.peer_down = peer::peer_down::crash;
  auto worker = start(std::move(options));
  auto reason = end_watch{*sys, worker.actor()}.reason();
  CAF_CHECK_EQUAL(peer::to_reason(reason), "{boot_failed, {exit_status, 7}}"_term);
}

CAF_TEST(a peer that boots can be asked for its state and stopped) {
  auto options = script("cat >&2");
  options.wait_boot = peer::no_wait{};
  auto worker = start(std::move(options));
  CAF_CHECK_EQUAL(value_of(worker.get_state()).state, peer::peer_state::booting);
  CAF_CHECK(look_until([&worker] { return value_of(worker.get_state()).process_id.has_value(); }));
  CAF_CHECK_EQUAL(value_of(worker.stop()).ended_by, peer::stop_step::closed);
}

CAF_TEST(waiting for the boot ends when somebody stops the peer) {
  auto options = script("cat >&2");
  options.wait_boot = notify_me("the_tag");
  auto worker = start(std::move(options));
  CAF_CHECK(worker.stop());
  CAF_CHECK_EQUAL(next_notice().reason, peer::errc::boot_failed);
}

// -- options ----------------------------------------------------------------------------------------------------------

CAF_TEST(bad options start nothing and are named) {
  auto change = [this](auto f) {
    auto options = erl();
    f(options);
    return options;
  };
  check_refused(change([](auto& x) { x.exec = peer::exec{""}; }), "exec");
  check_refused(change([](auto& x) { x.name = "a@b"; }), "name");
  check_refused(change([](auto& x) { x.host = "somewhere"; }), "host");
  check_refused(change([](auto& x) { x.longnames = true; }), "longnames");
  check_refused(change([](auto& x) { x.connection = peer::tcp{"localhost", 0}; }), "connection");
  check_refused(change([](auto& x) { x.connection = peer::distribution{}; }), "connection");
  check_refused(change([](auto& x) { x.detached = false; }), "detached");
  check_refused(change([](auto& x) { x.env.emplace_back("A=B", "c"); }), "env");
  check_refused(change([](auto& x) { x.args.emplace_back("\0", 1); }), "args");
  check_refused(change([](auto& x) { x.wait_boot = caf::timespan{-1ms}; }), "wait_boot");
  check_refused(change([](auto& x) { x.wait_boot = peer::notify{}; }), "wait_boot");
  check_refused(change([](auto& x) { x.shutdown = caf::timespan{999ms}; }), "shutdown");
  check_refused(change([](auto& x) { x.shutdown = peer::shutdown_halt{0ms}; }), "shutdown");
  check_refused(change([](auto& x) { x.output = nullptr; }), "output");
  check_refused(change([](auto& x) { x.input = nullptr; }), "input");
}

CAF_TEST(random names differ) {
  auto names = std::set<std::string>{};
  for (auto i = 0; i < 1000; ++i)
    names.insert(peer::random_name());
  CAF_CHECK_EQUAL(names.size(), 1000u);
  auto name = peer::random_name("worker");
  CAF_CHECK_EQUAL(name.substr(0, 7), "worker-");
  auto end = "-" + std::to_string(getpid());
  CAF_CHECK_EQUAL(name.substr(name.size() - end.size()), end);
}

CAF_TEST_FIXTURE_SCOPE_END()
