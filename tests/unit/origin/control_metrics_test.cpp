// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What CAF's registry tells of peers and calls.

#define CAF_SUITE peer.origin.metrics

#include "control_fixture.hpp"

#include "caf/telemetry/collector/prometheus.hpp"

using namespace peer::test;
using namespace std::literals;

namespace {

struct fixture : control_fixture {
  /// The value behind `name`, as Prometheus is told it; nothing if it is not there.
  std::optional<double> value(const std::string& name) {
    auto collector = caf::telemetry::collector::prometheus{};
    auto shown = collector.collect_from(sys.metrics());
    auto text = "\n" + std::string{shown.data(), shown.size()};
    auto at = text.find("\n" + name + " ");
    if (at == std::string::npos)
      return std::nullopt;
    return std::stod(text.substr(at + name.size() + 2));
  }

  /// Checks how many control actors are in these states.
  void check_peers(int booting, int running, int down) {
    CAF_CHECK_EQUAL(value("peer_peers{state=\"booting\"}"), booting);
    CAF_CHECK_EQUAL(value("peer_peers{state=\"running\"}"), running);
    CAF_CHECK_EQUAL(value("peer_peers{state=\"down\"}"), down);
  }

  std::optional<double> calls(const std::string& result) {
    return value("peer_calls_total{result=\"" + result + "\"}");
  }

  std::optional<double> ends(const std::string& evidence) {
    return value("peer_ends_total{evidence=\"" + evidence + "\"}");
  }

  /// Whether the control actor has exited.
  bool ended() {
    static_cast<void>(exit_of_control()); // it says so itself if not
    return control == nullptr;
  }

  void reply(int seq, const char* cls, peer::term result) {
    peer->says(peer::tagged("reply", seq, peer::atom{cls}, std::move(result)));
    settle();
  }
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(control_metrics_tests, fixture)

CAF_TEST(peers are counted by their state) {
  options.peer_down = peer::peer_down::continue_;
  start();
  check_peers(1, 0, 0);
  CAF_CHECK_EQUAL(value("peer_starts_total"), 1);
  peer->started();
  settle();
  check_peers(0, 1, 0);
  answer<peer::peer_status>();
  peer->exits(1);
  settle();
  check_peers(0, 0, 1);
  CAF_CHECK_EQUAL(ends("exit"), 1);
  ask(peer::stop_atom_v);
  check_peers(0, 0, 0);
  answer<peer::stop_report>();
  CAF_CHECK(ended());
  CAF_CHECK_EQUAL(ends("exit"), 1);
  CAF_CHECK_EQUAL(ends("request"), std::nullopt);
}

CAF_TEST(every start has one end) {
  launch_error = caf::make_error(peer::errc::system_failure, "no such program"s);
  start();
  CAF_CHECK_EQUAL(failure(), peer::errc::boot_failed);
  CAF_CHECK(ended());
  CAF_CHECK_EQUAL(ends("not_started"), 1);
  launch_error = {};
  start_running();
  ask(peer::kill_atom_v);
  peer->is_killed();
  settle();
  answer<peer::stop_report>();
  CAF_CHECK(ended());
  CAF_CHECK_EQUAL(ends("request"), 1);
  peer = std::make_shared<fake_peer>();
  start_running();
  caf::anon_send_exit(control, caf::exit_reason::kill);
  settle();
  CAF_CHECK(ended());
  CAF_CHECK_EQUAL(ends("request"), 2);
  CAF_CHECK_EQUAL(value("peer_starts_total"), 3);
  check_peers(0, 0, 0);
}

CAF_TEST(calls are counted by what became of them) {
  options.peer_down = peer::peer_down::continue_;
  start_running();
  for (auto function : {"a", "b", "c", "d", "e"})
    call(function);
  CAF_CHECK_EQUAL(value("peer_outstanding_calls"), 5);
  reply(0, "ok", 1);
  advance_time(2s);
  reply(1, "ok", 1);
  reply(2, "error", peer::erl::tuple{peer::atom{"undef"}, peer::erl::list{}});
  CAF_CHECK_EQUAL(value("peer_outstanding_calls"), 2);
  call("f", caf::infinite);
  advance_time(3s);
  settle();
  CAF_CHECK_EQUAL(value("peer_outstanding_calls"), 1);
  peer->exits(1);
  settle();
  call("g");
  CAF_CHECK_EQUAL(calls("ok"), 2);
  CAF_CHECK_EQUAL(calls("exception"), 1);
  CAF_CHECK_EQUAL(calls("timeout"), 2);
  CAF_CHECK_EQUAL(calls("lost"), 1);
  CAF_CHECK_EQUAL(calls("refused"), 1);
  CAF_CHECK_EQUAL(value("peer_outstanding_calls"), 0);
  CAF_CHECK_EQUAL(value("peer_call_duration_seconds_count"), 3);
  CAF_CHECK_EQUAL(value("peer_call_duration_seconds_sum"), 4);
  CAF_CHECK_EQUAL(value("peer_call_duration_seconds_bucket{le=\"1.000000\"}"), 1);
  CAF_CHECK_EQUAL(value("peer_call_duration_seconds_bucket{le=\"10.000000\"}"), 3);
}

CAF_TEST(what libpeer calls itself does not count) {
  options.heartbeat = peer::heartbeat{1s, 3s};
  start_running();
  advance_time(1s);
  settle();
  CAF_CHECK_EQUAL(peer->channel.sent.size(), 1u);
  CAF_CHECK_EQUAL(value("peer_outstanding_calls"), 0);
  reply(0, "ok", true);
  CAF_CHECK_EQUAL(calls("ok"), 0);
  CAF_CHECK_EQUAL(value("peer_call_duration_seconds_count"), 0);
}

CAF_TEST(bytes are counted and those that wait until they are gone) {
  options.peer_down = peer::peer_down::continue_;
  start_running();
  call("a");
  auto sent = peer->channel.sent_bytes;
  CAF_CHECK_EQUAL(value("peer_sent_bytes_total"), sent);
  CAF_CHECK_EQUAL(value("peer_queued_bytes"), 0);
  peer->channel.stop_reading();
  ask(peer::cast_request{"m", "f", *peer::encode_arguments()});
  CAF_CHECK_EQUAL(value("peer_sent_bytes_total"), sent);
  CAF_CHECK_EQUAL(value("peer_queued_bytes"), peer->channel.sent_bytes - sent);
  peer->channel.received_bytes += 1000;
  peer->control->on_readable();
  CAF_CHECK_EQUAL(value("peer_received_bytes_total"), peer->channel.received_bytes);
  peer->exits(1);
  settle();
  CAF_CHECK_EQUAL(value("peer_queued_bytes"), 0);
  CAF_CHECK_EQUAL(value("peer_sent_bytes_total"), sent);
}

CAF_TEST_FIXTURE_SCOPE_END()
