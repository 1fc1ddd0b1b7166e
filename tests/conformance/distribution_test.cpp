// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// OTP's cases about names, and about peers that lose or gain their distribution.

#define CAF_SUITE peer.conformance

#include "fixture.hpp"

#include <csignal>

#include <unistd.h>

using namespace peer::test;
using namespace std::literals;

using peer::atom;
using peer::term;

namespace {

constexpr auto no_network = "a libpeer node has no distribution";

struct fixture : conformance_fixture {
  peer::handle start_with(peer::peer_down policy) {
    auto chosen = options();
    chosen.peer_down = policy;
    return start(std::move(chosen));
  }

  static std::string short_host_name() {
    char buffer[256] = {};
    gethostname(buffer, sizeof(buffer) - 1);
    auto result = std::string{buffer};
    return result.substr(0, result.find('.'));
  }

  /// Checks what `net_kernel:connect_node/1` or `erlang:disconnect_node/1` returns.
  static void check_true(const peer::handle& worker, const char* module, const char* function, const atom& node) {
    CAF_MESSAGE(function);
    CAF_CHECK_EQUAL(value_of(worker.within(patience).call<atom>(module, function, node)), atom{"true"});
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(distribution_tests, fixture)

CAF_TEST(dist) {
  if (over<peer::distribution>())
    return refused();
  auto worker = start_with(peer::peer_down::stop);
  auto watch = end_watch{*sys, worker.actor()};
  kill(process_of(worker), SIGKILL);
  CAF_CHECK(!watch.reason());
  CAF_CHECK_EQUAL(error_of(worker.get_state()), peer::errc::noproc);
  remark("the peer is killed instead of disconnected; `erpc`, and `call` without a connection, are left out");
}

CAF_TEST(peer_down_crash) {
  if (over<peer::distribution>())
    return refused();
  auto worker = start_with(peer::peer_down::crash);
  auto watch = end_watch{*sys, worker.actor()};
  kill(process_of(worker), SIGKILL);
  CAF_CHECK_EQUAL(peer::to_reason(watch.reason()), ended(137));
  remark("the peer is killed instead of disconnected; the reason is that of the connection, not `{nodedown,Node}`");
}

CAF_TEST(peer_down_crash_tcp) {
  if (!over<peer::tcp>())
    return does_not_apply("OTP runs it over TCP");
  auto options = named("peer_down_crash_tcp");
  options.peer_down = peer::peer_down::crash;
  auto worker = start(std::move(options));
  CAF_CHECK_EQUAL(value_of(worker.within(patience).call<atom>("erlang", "node")), worker.node());
  if (is_erl())
    CAF_CHECK_EQUAL(value_of(worker.within(patience).call<term>("erlang", "nodes", atom{"connected"})), "[]"_term);
  else
    remark("a libpeer node has no `nodes/1`");
  auto watch = end_watch{*sys, worker.actor()};
  CAF_CHECK(!worker.cast("erlang", "halt"));
  CAF_CHECK_EQUAL(peer::to_reason(watch.reason()), "tcp_closed"_term);
}

CAF_TEST(peer_down_continue) {
  if (over<peer::distribution>())
    return refused();
  auto worker = start_with(peer::peer_down::continue_);
  CAF_CHECK(!worker.cast("erlang", "halt"));
  CAF_CHECK_EQUAL(down_reason(worker), ended(0));
  CAF_CHECK_EQUAL(stop(worker).ended_by, peer::stop_step::none);
}

CAF_TEST(dist_io_redirect) {
  if (over<peer::distribution>())
    return refused();
  auto printing = options();
  auto expected = std::vector{"STRONGFLOUR."s, "second."s};
  if (is_erl()) {
    printing.args = {"-eval", "io:format(\"out~n\")."};
    expected.insert(expected.begin() + 1, "out");
  }
  auto worker = start(std::move(printing));
  auto patient = worker.within(patience);
  value_of(patient.call<atom>("io", "format", atom{"user"}, charlist("STRONGFLOUR.~n"), term{peer::erl::list{}}));
  value_of(patient.call<atom>("io", "format", charlist("second.~n")));
  CAF_CHECK_EQUAL(sorted_lines(expected.size()), expected);
  stop(worker);
  remark(is_erl() ? "printed by calls, not by `erpc`; `send` without a connection is left out"
                  : "printed by calls, not by `erpc`; a libpeer node has no `-eval`");
}

CAF_TEST(dist_up_down) {
  if (over<peer::distribution>())
    return does_not_apply("OTP runs it over TCP");
  if (!is_erl())
    return does_not_apply(no_network);
  auto names = port_mapper{};
  auto worker = start(names.with(named("dist_up_down")));
  auto other = start(names.with(named("dist_up_down_other")));
  check_true(worker, "net_kernel", "connect_node", other.node());
  check_true(worker, "erlang", "disconnect_node", other.node());
  check_true(worker, "net_kernel", "connect_node", other.node());
  check_true(worker, "erlang", "disconnect_node", other.node());
  check_alive(worker);
  check_alive(other);
  stop(other);
  stop(worker);
  remark("the other end of the distribution is another `erl`, not the origin");
}

CAF_TEST(dist_localhost) {
  if (over<peer::distribution>())
    return refused();
  auto local = named("dist_localhost_1");
  local.host = "localhost";
  auto hosted = named("dist_localhost_2");
  hosted.host = short_host_name();
  auto names = std::optional<port_mapper>{};
  if (is_erl()) {
    names.emplace();
    local = names->with(local);
    hosted = names->with(hosted);
  }
  auto first = start(std::move(local));
  auto second = start(std::move(hosted));
  CAF_CHECK_EQUAL(first.node(), atom{"dist_localhost_1@localhost"});
  CAF_CHECK_EQUAL(second.node(), atom{"dist_localhost_2@" + short_host_name()});
  if (is_erl())
    check_true(first, "net_kernel", "connect_node", second.node());
  else
    remark("the names only: a libpeer node has no distribution");
  stop(first);
  stop(second);
}

CAF_TEST(dyn_peer) {
  if (over<peer::distribution>())
    return not_over_distribution();
  if (!is_erl())
    return does_not_apply(no_network);
  auto unnamed = options();
  unnamed.args = {"-start_epmd", "false", "-dist_listen", "false"};
  auto worker = start(std::move(unnamed));
  CAF_CHECK_EQUAL(worker.node(), atom{"nonode@nohost"});
  auto started = value_of(
      worker.within(patience).call<term>("net_kernel", "start", std::vector{atom{"dyn_peer"}, atom{"shortnames"}}));
  CAF_CHECK(peer::match_tagged(started, "ok", 2) != nullptr);
  CAF_CHECK_EQUAL(value_of(worker.within(patience).call<atom>("erlang", "node")),
                  atom{"dyn_peer@" + short_host_name()});
  stop(worker);
}

CAF_TEST_FIXTURE_SCOPE_END()
