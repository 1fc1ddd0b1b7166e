// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "fixture.hpp"
#include "connection/listening.hpp"
#include "support/look_until.hpp"
#include "support/process_facts.hpp"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <sys/stat.h>

namespace peer::test {

// -- case_result ------------------------------------------------------------------------------------------------------

case_result::~case_result() {
  auto& test = *caf::test::engine::current_test();
  auto failed = test.bad() > 0 || std::uncaught_exceptions() > 0;
  write_result(test.name(), failed ? "fail" : result_, remark_);
}

void case_result::does_not_apply(std::string why) {
  result_ = "skip";
  remark_ = std::move(why);
}

void case_result::remark(std::string text) {
  remark_ = std::move(text);
}

// -- conformance_fixture ----------------------------------------------------------------------------------------------

conformance_fixture::conformance_fixture() {
  auto name = (std::filesystem::temp_directory_path() / "libpeer-conformance-XXXXXX").string();
  CAF_REQUIRE(mkdtemp(name.data()) != nullptr);
  place = name;
}

conformance_fixture::~conformance_fixture() {
  sys.reset(); // the peers' directories are removed after the peers
  std::filesystem::remove_all(place);
}

void conformance_fixture::refused() {
  check_refused(options(), "connection");
  result_ = "refused";
}

start_options conformance_fixture::options() const {
  auto result = erl();
  result.exec = exec{this_column().program};
  result.connection = this_column().connection;
  return result;
}

start_options conformance_fixture::named(std::string name) const {
  auto result = options();
  result.name = std::move(name);
  if (is_erl())
    result.args = {"-start_epmd", "false", "-dist_listen", "false"};
  return result;
}

start_options conformance_fixture::gated() const {
  auto gate = place + "/gate";
  CAF_REQUIRE_EQUAL(mkfifo(gate.c_str(), 0600), 0);
  auto result = options();
  result.exec = exec{"sh", {"-c", "read -r go < " + gate + "; exec \"$0\" \"$@\"", this_column().program}};
  return result;
}

void conformance_fixture::open_gate() const {
  std::ofstream{place + "/gate"} << "go\n";
}

term conformance_fixture::ended(int status) const {
  return over<tcp>() ? term{atom{"tcp_closed"}} : term{tagged("exit_status", status)};
}

term conformance_fixture::down_reason(const handle& worker) {
  auto status = peer_status{};
  CAF_CHECK(look_until([&] {
    status = value_of(worker.get_state());
    return status.state == peer_state::down;
  }));
  return to_reason(status.reason);
}

stop_report conformance_fixture::stop(const handle& worker) {
  auto watch = end_watch{*sys, worker.actor()};
  auto process = value_of(worker.get_state()).process_id; // none if it is down
  auto report = value_of(worker.stop());
  CAF_CHECK(!watch.reason());
  CAF_CHECK(!process || is_gone(static_cast<pid_t>(*process)));
  CAF_CHECK_EQUAL(error_of(worker.get_state()), errc::noproc);
  return report;
}

void conformance_fixture::check_refused(const start_options& options, std::string_view option) {
  auto err = start_failure(options);
  CAF_CHECK_EQUAL(err, errc::invalid_option);
  check_contains(describe(err), option);
  CAF_CHECK(guard.descendants().empty());
}

void conformance_fixture::check_handler_crash(start_options options) {
  options.peer_down = peer_down::crash;
  auto worker = start(std::move(options));
  auto watch = end_watch{*sys, worker.actor()};
  kill_channel_handler(worker);
  CAF_CHECK_EQUAL(to_reason(watch.reason()), ended(1));
  remark("the reason is that of the connection, not `{nodedown,Node}`");
}

void conformance_fixture::kill_channel_handler(const handle& worker) {
  if (!is_erl()) {
    CAF_CHECK(!worker.cast("erlang", "exit", channel_of_node(worker), atom{"kill"}));
    return;
  }
  auto found = evaluate(worker, "IsLoop = fun({peer, F, _, _}) -> F =:= io_server_loop orelse F =:= origin_link;"
                                "            (_) -> false end,"
                                "[Handler] = [P || P <- processes(),"
                                "                  {_, Stack} <- [process_info(P, current_stacktrace)],"
                                "                  lists:any(IsLoop, Stack)],"
                                "sys:get_state(peer_supervision),"
                                "{links, Links} = process_info(whereis(peer_supervision), links),"
                                "{Handler, lists:member(Handler, Links)}");
  auto& pair = *found.get_if<peer::erl::tuple>();
  CAF_CHECK_EQUAL(pair[1], term{true});
  CAF_CHECK(!worker.cast("erlang", "exit", pair[0], atom{"kill"}));
}

std::vector<std::string> conformance_fixture::sorted_lines(std::size_t count) {
  auto result = console.wait_for(count);
  std::sort(result.begin(), result.end());
  return result;
}

// -- port_mapper ------------------------------------------------------------------------------------------------------

port_mapper::port_mapper() {
  auto free_port = peer::internal::connection::listen_at("", 0);
  CAF_REQUIRE(free_port);
  port_ = std::to_string(free_port->port);
}

port_mapper::~port_mapper() {
  // It refuses as long as it knows of a node, and it learns of the end of one by itself.
  auto kill = "epmd -port " + port_ + " -kill >/dev/null 2>&1; ! epmd -port " + port_ + " -names >/dev/null 2>&1";
  look_until([&] { return std::system(kill.c_str()) == 0; });
}

start_options port_mapper::with(start_options options) const {
  options.args = {"-setcookie", "libpeer_conformance"};
  options.env.emplace_back("ERL_EPMD_PORT", port_);
  return options;
}

} // namespace peer::test
