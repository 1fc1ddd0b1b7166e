// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// OTP's cases about options and boot.

#define CAF_SUITE peer.conformance

#include "fixture.hpp"
#include "support/ssh_server.hpp"

#include <algorithm>
#include <filesystem>

using namespace peer::test;
using namespace std::literals;

using peer::atom;
using peer::term;

namespace {

constexpr auto run_erl = "run_erl";

/// The words as one command line of a shell.
std::string joined(const std::vector<std::string>& words) {
  auto result = std::string{};
  for (auto& word : words)
    result += (result.empty() ? "'" : " '") + word + "'";
  return result;
}

struct fixture : with_notices<conformance_fixture> {
  /// Options for a peer in a pseudo-terminal of `run_erl`, which runs a command line.
  peer::start_options attached(const std::string& name) {
    auto result = named(name);
    result.detached = false;
    result.exec = peer::exec{run_erl};
    result.post_process_args = [this](const std::vector<std::string>& args) {
      return std::vector<std::string>{place + "/", place, "exec " + this_column().program + " " + joined(args)};
    };
    return result;
  }

  /// Says why a peer in a pseudo-terminal cannot be had over this connection. Returns whether it can.
  bool can_be_attached() {
    if (over<peer::distribution>()) {
      refused();
    } else if (over<peer::standard_io>()) {
      check_refused(attached("attached"), "detached"); // and this is the case
      remark("the option `detached` is refused, as in OTP");
    }
    return over<peer::inherited>() || over<peer::tcp>();
  }

  /// Starts a peer whose node has to know its name, and stops it.
  void check_named(peer::start_options options) {
    auto worker = start(std::move(options));
    CAF_CHECK_EQUAL(value_of(worker.within(patience).call<atom>("erlang", "node")), worker.node());
    stop(worker);
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(start_tests, fixture)

CAF_TEST(errors) {
  auto valid = options();
  if (over<peer::distribution>())
    valid.connection.reset(); // OTP's default
  auto check = [&](const char* option, const std::function<void(peer::start_options&)>& change) {
    CAF_MESSAGE(option);
    auto changed = valid;
    change(changed);
    check_refused(changed, option);
  };
  check("args", [](auto& x) { x.args = {"1", "2\0"s}; });
  check("exec", [](auto& x) { x.exec = peer::exec{""}; });
  check("exec", [](auto& x) { x.exec = peer::exec{"erl", {"\0"s}}; });
  check("shutdown", [](auto& x) { x.shutdown = caf::timespan{999ms}; });
  check("shutdown", [](auto& x) { x.shutdown = peer::shutdown_halt{999ms}; });
  check("wait_boot", [](auto& x) { x.wait_boot = caf::timespan{-1ms}; });
  if (over<peer::standard_io>())
    check("detached", [](auto& x) { x.detached = false; });
  check("connection", [](auto& x) {
    x.name = "named";
    x.connection.reset();
  });
  remark("`args` and `exec` of a wrong type cannot be written in C++");
}

CAF_TEST(peer_down_boot) {
  if (over<peer::distribution>())
    return does_not_apply("OTP runs it over standard I/O");
  auto bad = options();
  bad.name = "not_booted";
  bad.args = {"-no_epmd"};
  if (!is_erl()) {
    bad.args = {"-name", "@"};
    remark("the bad argument is `-name @`: a libpeer node needs no epmd");
  }
  CAF_CHECK_EQUAL(peer::to_reason(start_failure(bad)), "{boot_failed, {exit_status, 1}}"_term);
  CAF_CHECK(children().empty());
}

CAF_TEST(post_process_args) {
  if (over<peer::distribution>())
    return refused();
  auto through_bash = named("post_process_args");
  through_bash.exec = peer::exec{"bash", {"-c", this_column().program}};
  through_bash.post_process_args = [](const std::vector<std::string>& args) {
    return std::vector{args[0], args[1] + " " + joined({args.begin() + 2, args.end()})};
  };
  check_named(std::move(through_bash));
}

CAF_TEST(attached) {
  if (can_be_attached())
    check_named(attached("attached"));
}

CAF_TEST(attached_cntrl_channel_handler_crash) {
  if (!can_be_attached())
    return;
  check_handler_crash(attached("attached_cntrl_channel_handler_crash"));
}

CAF_TEST(peer_states) {
  if (over<peer::distribution>())
    return not_over_distribution();
  auto options = gated();
  options.wait_boot = notify_me("tag");
  options.peer_down = peer::peer_down::continue_;
  auto worker = start(std::move(options));
  CAF_CHECK_EQUAL(value_of(worker.get_state()).state, peer::peer_state::booting);
  open_gate();
  auto notice = next_notice();
  CAF_CHECK_EQUAL(notice.tag, "tag"_term);
  CAF_CHECK_EQUAL(notice.node, atom{"nonode@nohost"});
  CAF_CHECK(!notice.reason);
  CAF_CHECK_EQUAL(notice.control, worker.actor().address());
  CAF_CHECK_EQUAL(value_of(worker.get_state()).state, peer::peer_state::running);
  CAF_CHECK(!worker.cast("erlang", "halt"));
  CAF_CHECK_EQUAL(down_reason(worker), ended(0));
  stop(worker);
}

CAF_TEST(multi_node) {
  if (over<peer::distribution>())
    return not_over_distribution();
  auto workers = std::vector<peer::handle>{};
  for (auto name : {"multi_1", "multi_2", "multi_3", "multi_4"}) {
    auto options = named(name);
    options.wait_boot = notify_me("tag");
    workers.push_back(start(std::move(options)));
  }
  auto controls = std::vector<caf::actor_addr>{};
  for (auto i = 0; i < 4; ++i) {
    auto notice = next_notice();
    CAF_CHECK(!notice.reason);
    CAF_CHECK(notice.node.name().starts_with("multi_"));
    controls.push_back(notice.control);
  }
  for (auto& worker : workers) {
    CAF_CHECK_EQUAL(std::count(controls.begin(), controls.end(), worker.actor().address()), 1);
    stop(worker);
  }
}

CAF_TEST(duplicate_name) {
  if (over<peer::distribution>())
    return not_over_distribution();
  if (!is_erl())
    return does_not_apply("the name of a libpeer node is registered nowhere");
  auto names = port_mapper{};
  auto options = names.with(named("duplicate_name"));
  auto first = start(options);
  options.connection = peer::standard_io{};
  CAF_CHECK_EQUAL(peer::to_reason(start_failure(options)), "{boot_failed, {exit_status, 1}}"_term);
  check_alive(first);
  stop(first);
  remark("there is no option `register` in libpeer");
}

CAF_TEST(init_debug) {
  if (over<peer::distribution>())
    return does_not_apply("OTP runs it over standard I/O");
  if (!is_erl())
    return does_not_apply("a libpeer node has no boot script");
  auto debugged = options();
  debugged.shutdown = caf::timespan{1000ms};
  debugged.args = {"-init_debug"};
  auto worker = start(std::move(debugged));
  auto printed = console.wait_for(1);
  CAF_REQUIRE(!printed.empty());
  check_contains(printed[0], "{progress,preloaded}");
  stop(worker);
}

CAF_TEST(old_release) {
  does_not_apply("there is no older release: Debian has one Erlang");
}

CAF_TEST(ssh) {
  if (!over<peer::standard_io>())
    return does_not_apply("OTP runs it over standard I/O");
  auto server = ssh_server{};
  auto remote = named("ssh");
  remote.host = "localhost";
  remote.exec = server.login(this_column().program);
  check_named(std::move(remote));
}

CAF_TEST(docker) {
  if (over<peer::distribution>())
    return does_not_apply("OTP runs it over standard I/O");
  auto contained = named("docker");
  contained.exec = peer::exec{
      "bwrap",
      {"--dev-bind", "/", "/", "--unshare-pid", "--proc", "/proc", "--die-with-parent", this_column().program}};
  check_named(std::move(contained));
  remark("a container of bubblewrap, with process ids of its own");
}

CAF_TEST_FIXTURE_SCOPE_END()
