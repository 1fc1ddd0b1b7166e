// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// The origin's side of a connection over TCP: erl, and programs that do everything wrong.

#define CAF_SUITE peer.system.tcp

#include "connection/listening.hpp"
#include "raw_frame.hpp"
#include "support/system_fixture.hpp"
#include "support/tcp_client.hpp"
#include "term/codec/codec.hpp"

#include <array>
#include <csignal>
#include <deque>
#include <filesystem>
#include <fstream>
#include <future>

using namespace peer::test;
using namespace std::literals;

using peer::errc;
using peer::phase;

namespace {

constexpr auto loopback = "127.0.0.1";

/// Tells a test where its origin listens.
constexpr auto say_port = "echo $port; ";

/// A frame of the packet framing.
std::string packet(const peer::term& message) {
  auto payload = *peer::internal::codec::encode(message);
  auto size = payload.size();
  auto result = std::string{};
  for (auto shift : {24, 16, 8, 0})
    result += static_cast<char>(size >> shift & 0xFF);
  return result + std::string{peer::detail::as_text(payload)};
}

struct tcp_fixture : system_fixture {
  tcp_fixture() {
    auto name = (std::filesystem::temp_directory_path() / "libpeer-XXXXXX").string();
    place = mkdtemp(name.data());
  }

  ~tcp_fixture() { std::filesystem::remove_all(place); }

  peer::start_options erl_over(const peer::tcp& where) const {
    auto result = erl();
    result.connection = where;
    return result;
  }

  /// A program in the language of bash, which finds the origin at $address and $port.
  peer::start_options program(const std::string& text) const {
    auto result = peer::start_options{};
    result.exec = peer::exec{"bash", {"-c", "address=$5 port=$6; " + text, "bash"}};
    result.connection = peer::tcp{};
    result.output = line_log{console}.sink();
    return result;
  }

  /// A program that connects, does something with descriptor 5, and waits for the end of the connection.
  peer::start_options connector(const std::string& text) const {
    return program("exec 5<>/dev/tcp/$address/$port; " + text + "; cat <&5 >/dev/null");
  }

  /// The port of a program that begins with `say_port`.
  std::uint16_t said_port() {
    auto lines = console.wait_for(1);
    CAF_REQUIRE(!lines.empty());
    return static_cast<std::uint16_t>(std::stoi(lines[0]));
  }

  /// Makes the file that a program waits for.
  void open_gate() const { std::ofstream{place / "gate"}; }

  std::string wait_for_gate() const { return "until [ -e " + (place / "gate").string() + " ]; do sleep 0.01; done; "; }

  /// Checks that a peer does not boot, and returns what is said about it.
  std::string boot_failure(peer::start_options options) {
    auto err = start_failure(std::move(options));
    CAF_CHECK_EQUAL(err, errc::boot_failed);
    auto details = peer::failure_of(err);
    CAF_REQUIRE(details != nullptr);
    auto text = peer::describe(err);
    auto connected = text.find("it had connected") != std::string::npos;
    CAF_CHECK(details->at == (connected ? phase::connected : phase::boot));
    return text;
  }

  std::filesystem::path place;
};

} // namespace

CAF_TEST_FIXTURE_SCOPE(tcp_tests, tcp_fixture)

// -- erl --------------------------------------------------------------------------------------------------------------

CAF_TEST(erl connects to each kind of address) {
  auto addresses = std::vector<std::string>{"", loopback, "0.0.0.0"};
  if (has_ipv6())
    addresses.insert(addresses.end(), {"::1", "::"});
  else
    CAF_MESSAGE("IPv6 is skipped: this host has none");
  for (auto& address : addresses) {
    CAF_MESSAGE("at '" << address << "'");
    auto worker = start(erl_over({address, 0}));
    check_alive(worker);
    CAF_CHECK(worker.stop());
  }
}

CAF_TEST(erl prints and reads over tcp) {
  auto options = erl_over({});
  options.input = peer::text_input("a line\n");
  auto worker = start(options);
  CAF_CHECK_EQUAL(evaluate(worker, "io:format(\"formatted~n\"), erlang:display(displayed), "
                                   "io:format(standard_error, \"an error~n\", []), io:get_line(\"\")"),
                  charlist("a line\n"));
  CAF_CHECK(console.wait_for("formatted"));
  CAF_CHECK(console.wait_for("an error"));
  CAF_CHECK(console.wait_for("displayed\r")); // erlang:display ends its lines as terminals want it
  CAF_CHECK_EQUAL(console.lines(peer::stream::standard_error), std::vector{"an error"s});
}

CAF_TEST(calls and casts wait for the connection) {
  auto options = program(wait_for_gate() + "exec erl \"$@\"");
  options.wait_boot = peer::no_wait{};
  auto worker = start(options);
  CAF_CHECK(!worker.cast("erlang", "display", peer::atom{"early"}));
  auto answer = std::async(std::launch::async, [&] { return worker.within(patience).call<int>("erlang", "abs", -3); });
  open_gate();
  CAF_CHECK_EQUAL(value_of(answer.get()), 3);
  CAF_CHECK(console.wait_for("early\r"));
}

CAF_TEST(erl is gone when it was stopped or has crashed) {
  auto worker = start(erl_over({}));
  auto id = process_of(worker);
  auto report = value_of(worker.stop());
  CAF_CHECK(report.ended_by == peer::stop_step::closed);
  CAF_CHECK_EQUAL(kill(id, 0), -1);
  auto options = erl_over({});
  options.peer_down = peer::peer_down::crash;
  auto other = start(options);
  auto watch = end_watch{*sys, other.actor()};
  CAF_CHECK(!other.cast("erlang", "halt", 7));
  CAF_CHECK_EQUAL(to_string(peer::to_reason(watch.reason())), "tcp_closed");
}

CAF_TEST(erl boots although a thousand others connect) {
  auto options = program(say_port + wait_for_gate() + "exec erl \"$@\"");
  options.wait_boot = peer::no_wait{};
  auto worker = start(options);
  auto port = said_port();
  auto connectors = std::deque<peer::internal::process::descriptor>{};
  const auto lies = std::array{""s, "\0\0"s, "\xFF\xFF\xFF\xFF"s, packet("{started,nonode@nohost}"_term),
                               packet(peer::tagged("token", std::string(32, 'x')))};
  auto count = std::size_t{0};
  auto join = [&] {
    auto connector = connect_to(loopback, port);
    if (!connector)
      return false;
    say(connector, lies[count++ % lies.size()]);
    connectors.push_back(std::move(connector));
    if (connectors.size() > 300)
      connectors.pop_front();
    return true;
  };
  while (count < 1000)
    CAF_REQUIRE(join());
  open_gate();
  while (count < 2000 && join()) {
    // while erl boots; nobody listens any more as soon as it has got in
  }
  CAF_CHECK_EQUAL(value_of(worker.within(patience).call<int>("erlang", "abs", -3)), 3);
  for (auto& connector : connectors)
    CAF_CHECK(was_closed(connector)); // and was told nothing
  CAF_CHECK(!connect_to(loopback, port));
}

// -- programs that do it wrong ----------------------------------------------------------------------------------------

CAF_TEST(a peer that never connects is told so) {
  auto options = program("exec sleep 1000");
  options.wait_boot = caf::timespan{300ms};
  auto text = boot_failure(options);
  check_contains(text, "within 300ms");
  check_contains(text, "it never connected to 127.0.0.1, port ");
}

CAF_TEST(a peer that ends before it connects is noticed at once) {
  auto text = boot_failure(program("echo bye >&2; exit 3"));
  check_contains(text, "it never connected to 127.0.0.1, port ");
  check_contains(text, "the process exited with status 3");
  check_contains(text, "bye");
}

CAF_TEST(a peer that connects and says nothing is told so) {
  auto options = connector("true");
  options.wait_boot = caf::timespan{5s}; // far more than it takes to connect and to be known by the socket
  auto text = boot_failure(options);
  check_contains(text, "within 5s");
  check_contains(text, "it had connected to 127.0.0.1, port ");
}

CAF_TEST(a peer that ends between connecting and starting is noticed at once) {
  check_contains(boot_failure(connector("exec 5>&-; exit 3")), "the process exited with status 3");
  check_contains(boot_failure(connector("printf '\\0\\0' >&5; exit 3")), "the process exited with status 3");
}

CAF_TEST(bytes that are no frame end the boot) {
  check_contains(boot_failure(connector("printf 'GET / HTTP/1.1\\r\\n' >&5")),
                 "its size of 1195725856 bytes exceeds the limit");
  check_contains(boot_failure(connector("printf '\\377\\377\\377\\377' >&5")),
                 "its size of 4294967295 bytes exceeds the limit");
  check_contains(boot_failure(connector(shell_print(packet("{nonsense,1}"_term)) + " >&5")), "nonsense");
}

CAF_TEST(a wrong token is no way in and the error says so) {
  auto options = connector(shell_print(packet(peer::tagged("token", std::string(32, 'x')))) + " >&5");
  auto text = boot_failure(options); // it ends with its connection
  check_contains(text, "it never connected");
  check_contains(text, "one connection was refused: wrong token");
}

CAF_TEST(the secret is on stdin and nowhere else) {
  auto options = program("read secret; echo ${#secret}; grep -qaF $secret /proc/$$/cmdline /proc/$$/environ || "
                         "echo unseen; cat; echo end; echo \"$@\"");
  boot_failure(options);
  auto lines = console.wait_for(4);
  CAF_REQUIRE_EQUAL(lines.size(), 4u);
  CAF_CHECK_EQUAL(lines[0], "64");
  CAF_CHECK_EQUAL(lines[1], "unseen");
  CAF_CHECK_EQUAL(lines[2], "end");
  CAF_CHECK(lines[3].starts_with("-noinput -user peer -origin 127.0.0.1 "));
  CAF_CHECK(lines[3].ends_with(" -token stdin -peer_origin libpeer"));
}

CAF_TEST(a peer gets in once) {
  auto started = shell_print(packet("{started,nonode@nohost}"_term));
  auto options = connector(started
                           + " >&5; until ! (exec 6<>/dev/tcp/$address/$port) 2>/dev/null; do :; done; "
                             "echo refused");
  options.peer_down = peer::peer_down::crash;
  options.shutdown = peer::shutdown_halt{};
  auto worker = start(options);
  CAF_CHECK_EQUAL(worker.node(), peer::atom{"nonode@nohost"});
  CAF_CHECK(console.wait_for("refused"));
  auto report = value_of(worker.stop());
  CAF_CHECK(report.ended_by == peer::stop_step::closed);
}

CAF_TEST(a token after the first message is no message) {
  auto started = shell_print(packet("{started,nonode@nohost}"_term));
  auto token = shell_print(packet(peer::tagged("token", std::string(32, 'x'))));
  auto options = connector(started + " >&5; " + wait_for_gate() + token + " >&5");
  options.peer_down = peer::peer_down::crash;
  auto worker = start(options);
  auto watch = end_watch{*sys, worker.actor()};
  open_gate();
  check_contains(peer::describe(watch.reason()), "token");
}

CAF_TEST(a peer that boots can be stopped) {
  auto options = program(say_port + "exec sleep 1000"s);
  options.wait_boot = peer::no_wait{};
  options.shutdown = peer::shutdown_close{};
  auto worker = start(options);
  auto port = said_port();
  CAF_CHECK(connect_to(loopback, port));
  auto report = value_of(worker.stop());
  CAF_CHECK(report.ended_by == peer::stop_step::terminated);
  CAF_CHECK(!connect_to(loopback, port));
}

CAF_TEST(a port that is taken starts nothing) {
  auto taken = peer::internal::connection::listen_at("", 0);
  CAF_REQUIRE(taken);
  auto options = program("echo started");
  options.connection = peer::tcp{"", taken->port};
  auto err = start_failure(options);
  CAF_CHECK_EQUAL(err, errc::boot_failed);
  CAF_REQUIRE(peer::failure_of(err) != nullptr);
  CAF_CHECK(peer::failure_of(err)->at == phase::spawn);
  check_contains(peer::describe(err), "port " + std::to_string(taken->port) + ": Address already in use");
  CAF_CHECK(console.lines().empty());
}

// -- stdin ------------------------------------------------------------------------------------------------------------

CAF_TEST(a peer that is not detached has this program s stdin) {
  for (auto kind : std::vector<peer::connection_kind>{peer::inherited{}, peer::tcp{}}) {
    auto options = program("readlink /proc/$$/fd/0; echo \"$@\"");
    options.connection = kind;
    options.detached = false;
    boot_failure(options);
    auto lines = console.wait_for(2);
    CAF_REQUIRE_EQUAL(lines.size(), 2u);
    CAF_CHECK_EQUAL(lines[0], std::filesystem::read_symlink("/proc/self/fd/0").string());
    CAF_CHECK_EQUAL(lines[1].find("-noinput"), std::string::npos);
    CAF_CHECK_EQUAL(lines[1].find("-token"), std::string::npos);
    console = {};
  }
}

CAF_TEST_FIXTURE_SCOPE_END()
