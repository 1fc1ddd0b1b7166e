// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.origin.options

#include "origin/command_line.hpp"
#include "peer/error.hpp"
#include "peer/failure.hpp"
#include "peer/options.hpp"
#include "process/kernel_limits.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <filesystem>
#include <limits>
#include <set>

using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

peer::start_options erl() {
  auto result = peer::start_options{};
  result.exec = peer::exec{"erl"};
  result.connection = peer::standard_io{};
  return result;
}

/// What `validate` complains about after `change`; empty if nothing.
std::string complaint(std::function<void(peer::start_options&)> change) {
  auto options = erl();
  change(options);
  auto err = peer::validate(options);
  if (!err)
    return {};
  CAF_CHECK_EQUAL(err, peer::errc::invalid_option);
  return peer::describe(err);
}

bool mentions(const std::string& text, std::initializer_list<std::string_view> words) {
  for (auto word : words)
    if (text.find(word) == std::string::npos) {
      CAF_MESSAGE("'" << std::string{word} << "' is not in: " << text);
      return false;
    }
  return true;
}

} // namespace

CAF_TEST(the defaults with a program are valid) {
  CAF_CHECK_EQUAL(complaint([](auto&) {}), "");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.exec = std::nullopt; }), "");
}

CAF_TEST(strings for the program must not contain NUL) {
  auto nul = std::string{"a\0b", 3};
  CAF_CHECK(mentions(complaint([&](auto& x) { x.args = {"ok", nul}; }), {"'args'", "NUL"}));
  CAF_CHECK(mentions(complaint([&](auto& x) { x.exec = peer::exec{nul}; }), {"'exec'"}));
  CAF_CHECK(mentions(complaint([&](auto& x) { x.exec = peer::exec{""}; }), {"'exec'"}));
  CAF_CHECK(mentions(complaint([&](auto& x) { x.exec->arguments = {nul}; }), {"'exec'", "NUL"}));
  CAF_CHECK(mentions(complaint([&](auto& x) { x.env = {{"A", nul}}; }), {"'env'", "NUL"}));
  CAF_CHECK(mentions(complaint([&](auto& x) { x.process.working_directory = nul; }), {"'working_directory'"}));
  CAF_CHECK(mentions(complaint([&](auto& x) { x.process.cgroup = nul; }), {"'cgroup'"}));
  CAF_CHECK(mentions(complaint([&](auto& x) { x.post_process_args = [&](strings) { return strings{nul}; }; }),
                     {"'post_process_args'"}));
}

CAF_TEST(names and hosts are checked) {
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.name = "a_node-1"; }), "");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.name = "a", x.host = "localhost"; }), "");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.name = "a", x.host = "b.example", x.longnames = true; }), "");
  CAF_CHECK(mentions(complaint([](auto& x) { x.name = "a@b"; }), {"'name'", "a@b"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.host = "b"; }), {"'host'", "'name'"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.longnames = true; }), {"'longnames'", "'name'"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.name = "a", x.host = "b c"; }), {"'host'"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.name = "a", x.host = "b.c"; }), {"'host'", "longnames"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.name = "a", x.host = "b", x.longnames = true; }), {"'host'", "dot"}));
}

CAF_TEST(a name needs a connection because its default would be distribution) {
  CAF_CHECK(mentions(complaint([](auto& x) { x.name = "a", x.connection = std::nullopt; }),
                     {"'name'", "'connection'", "distribution", "not available yet"}));
}

CAF_TEST(connections that do not exist yet are refused) {
  CAF_CHECK(mentions(complaint([](auto& x) { x.connection = peer::distribution{}; }),
                     {"'connection'", "distribution", "not available yet"}));
  for (auto kind : std::vector<peer::connection_kind>{peer::inherited{}, peer::standard_io{}, peer::tcp{}})
    CAF_CHECK_EQUAL(complaint([&](auto& x) { x.connection = kind; }), "");
}

CAF_TEST(addresses of a connection are numbers) {
  for (auto address : {"127.0.0.1", "0.0.0.0", "::", "::1"})
    CAF_CHECK_EQUAL(complaint([&](auto& x) { x.connection = peer::tcp{address, 4711}; }), "");
  for (auto address : {"localhost", "[::1]", "127.0.0.1:80", "127.0.0.256", " "})
    CAF_CHECK(mentions(complaint([&](auto& x) {
                         x.connection = peer::tcp{address, 4711};
                       }),
                       {"'connection'", address, "address in numbers"}));
}

CAF_TEST(only standard_io needs stdin for itself) {
  auto attached = [](peer::connection_kind kind) {
    return complaint([&](auto& x) { x.detached = false, x.connection = kind; });
  };
  CAF_CHECK(mentions(attached(peer::standard_io{}), {"'detached'", "standard_io"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.detached = false; }), {"'detached'", "standard_io"}));
  CAF_CHECK_EQUAL(attached(peer::inherited{}), "");
  CAF_CHECK_EQUAL(attached(peer::tcp{}), "");
}

CAF_TEST(limits are numbers that a system can have) {
  auto with = [](peer::resource_limits limits) { return complaint([&](auto& x) { x.process.limits = limits; }); };
  CAF_CHECK_EQUAL(with({.address_space = 1, .cpu_time = 1s, .open_files = 1, .memory = 1, .processes = 1}), "");
  CAF_CHECK(mentions(with({.address_space = 0}), {"'limits.address_space' (0)", "between 1 and"}));
  CAF_CHECK(mentions(with({.open_files = 0}), {"'limits.open_files' (0)"}));
  CAF_CHECK(mentions(with({.memory = 0}), {"'limits.memory' (0)"}));
  CAF_CHECK(mentions(with({.processes = 0}), {"'limits.processes' (0)"}));
  CAF_CHECK(mentions(with({.cpu_time = 0s}), {"'limits.cpu_time' (0s)"}));
  CAF_CHECK(mentions(with({.cpu_time = -1s}), {"'limits.cpu_time' (-1s)"}));
  CAF_CHECK(mentions(with({.cpu_time = std::chrono::seconds::max()}), {"'limits.cpu_time'"}));
  constexpr auto negative = static_cast<std::uint64_t>(-1);
  CAF_CHECK(mentions(with({.address_space = negative}), {"'limits.address_space' (18446744073709551615)"}));
  CAF_CHECK(mentions(with({.processes = (1 << 22) + 1}), {"'limits.processes' (4194305)"}));
}

CAF_TEST(CPUs are those that this program may use and are named once) {
  auto with = [](std::vector<int> cpus) { return complaint([&](auto& x) { x.process.cpu_affinity = cpus; }); };
  auto usable = peer::internal::process::usable_cpus();
  CAF_CHECK_EQUAL(with(usable), "");
  CAF_CHECK(mentions(with({usable.front(), usable.front()}), {"'cpu_affinity'", "twice"}));
  CAF_CHECK(mentions(with({usable.front(), -1}), {"'cpu_affinity'", "-1", "may use"}));
  CAF_CHECK(mentions(with({usable.back() + 1}), {"'cpu_affinity'", std::to_string(usable.back() + 1), "may use"}));
  CAF_CHECK(mentions(with({std::numeric_limits<int>::max()}), {"'cpu_affinity'", "2147483647"}));
}

CAF_TEST(a peer that no call may wait for is none) {
  CAF_CHECK(mentions(complaint([](auto& x) { x.max_calls = 0; }), {"'max_calls'", "(0)", "at least 1"}));
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.max_calls = 1; }), "");
}

CAF_TEST(the default connection suits the program) {
  auto chosen = [](std::optional<peer::exec> program) {
    auto options = peer::start_options{};
    options.exec = std::move(program);
    return peer::internal::origin::chosen_connection(options);
  };
  CAF_CHECK(std::holds_alternative<peer::inherited>(chosen(std::nullopt)));
  CAF_CHECK(std::holds_alternative<peer::inherited>(chosen(peer::exec{"./worker"})));
  CAF_CHECK(std::holds_alternative<peer::inherited>(chosen(peer::exec{"/opt/erl/worker"})));
  CAF_CHECK(std::holds_alternative<peer::standard_io>(chosen(peer::exec{"erl"})));
  CAF_CHECK(std::holds_alternative<peer::standard_io>(chosen(peer::exec{"/usr/bin/erl"})));
  CAF_CHECK(std::holds_alternative<peer::standard_io>(chosen(peer::exec{"ssh", {"host", "worker"}})));
  auto options = erl();
  options.connection = peer::tcp{"::1", 4711};
  auto kind = peer::internal::origin::chosen_connection(options);
  CAF_REQUIRE(std::holds_alternative<peer::tcp>(kind));
  CAF_CHECK_EQUAL(std::get<peer::tcp>(kind).port, 4711);
}

CAF_TEST(by default erl is halted and other programs are asked to stop) {
  auto is_halted = [](std::optional<peer::exec> program) {
    auto options = peer::start_options{};
    options.exec = std::move(program);
    return std::holds_alternative<peer::shutdown_halt>(peer::internal::origin::chosen_shutdown(options));
  };
  CAF_CHECK(!is_halted(std::nullopt));
  CAF_CHECK(!is_halted(peer::exec{"./worker"}));
  CAF_CHECK(!is_halted(peer::exec{"ssh", {"host", "worker"}}));
  CAF_CHECK(is_halted(peer::exec{"/usr/bin/erl"}));
  CAF_CHECK(is_halted(peer::exec{"ssh", {"host", "/usr/bin/erl"}}));
  auto options = erl();
  options.shutdown = caf::timespan{2s};
  auto how = peer::internal::origin::chosen_shutdown(options);
  CAF_REQUIRE(std::holds_alternative<caf::timespan>(how));
  CAF_CHECK_EQUAL(std::get<caf::timespan>(how), 2s);
}

CAF_TEST(the default program is the one beside ours or one in the path) {
  auto options = peer::start_options{};
  auto place = std::filesystem::read_symlink("/proc/self/exe").parent_path();
  auto beside = place / "peer_node";
  auto expected = std::filesystem::exists(beside) ? beside.string() : "peer_node";
  CAF_CHECK_EQUAL(peer::internal::origin::chosen_program(options).program, expected);
  CAF_CHECK(peer::internal::origin::chosen_program(options).arguments.empty());
  CAF_CHECK_EQUAL(peer::internal::origin::display_name(options), "peer_node");
  options.exec = peer::exec{"erl", {"a"}};
  CAF_CHECK_EQUAL(peer::internal::origin::chosen_program(options).program, "erl");
}

CAF_TEST(variables need a name) {
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.env = {{"A", "1"}, {"B", std::nullopt}}; }), "");
  CAF_CHECK(mentions(complaint([](auto& x) { x.env = {{"", "1"}}; }), {"'env'"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.env = {{"A=B", "1"}}; }), {"'env'", "A=B"}));
}

CAF_TEST(times are checked) {
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.wait_boot = caf::timespan{0}; }), "");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.wait_boot = caf::infinite; }), "");
  CAF_CHECK(mentions(complaint([](auto& x) { x.wait_boot = caf::timespan{-1ms}; }), {"'wait_boot'", "negative"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.wait_boot = peer::notify{}; }), {"'wait_boot'", "receiver"}));
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.shutdown = peer::shutdown_default{}; }), "");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.shutdown = caf::timespan{1s}; }), "");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.shutdown = caf::infinite; }), "");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.shutdown = peer::shutdown_close{}; }), "");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.shutdown = peer::shutdown_halt{4294967295ms}; }), "");
  CAF_CHECK(mentions(complaint([](auto& x) { x.shutdown = caf::timespan{999ms}; }), {"'shutdown'", "999ms", "1000"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.shutdown = caf::timespan{0}; }), {"'shutdown'"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.shutdown = peer::shutdown_halt{4294967296ms}; }), {"'shutdown'"}));
}

CAF_TEST(the times of a heartbeat are checked) {
  auto complain = [](peer::heartbeat how) { return complaint([how](auto& x) { x.heartbeat = how; }); };
  CAF_CHECK_EQUAL(complain({1ms, 1ms}), "");
  CAF_CHECK_EQUAL(complain({1s, 3s, 0s}), "");
  CAF_CHECK(mentions(complain({0s, 1s}), {"'heartbeat'", "interval 0s"}));
  CAF_CHECK(mentions(complain({caf::infinite, 1s}), {"'heartbeat'", "interval"}));
  CAF_CHECK(mentions(complain({1s, -1s}), {"'heartbeat'", "timeout -1"}));
  CAF_CHECK(mentions(complain({1s, caf::infinite}), {"'heartbeat'", "timeout"}));
  CAF_CHECK(mentions(complain({1s, 1s, -1s}), {"'heartbeat'", "core_time -1"}));
}

CAF_TEST(sinks and sources must be there) {
  CAF_CHECK(mentions(complaint([](auto& x) { x.output = nullptr; }), {"'output'"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.input = nullptr; }), {"'input'"}));
}

CAF_TEST(the command line is the one of OTP) {
  auto options = erl();
  CAF_CHECK_EQUAL(peer::internal::origin::command_line(options), (strings{"-user", "peer", "-peer_origin", "libpeer"}));
  options.exec = peer::exec{"ssh", {"host", "erl"}};
  options.name = "a";
  options.args = {"+S1", "-hidden"};
  CAF_CHECK_EQUAL(
      peer::internal::origin::command_line(options),
      (strings{"host", "erl", "-sname", "a", "+S1", "-hidden", "-user", "peer", "-peer_origin", "libpeer"}));
  options.host = "b.example";
  options.longnames = true;
  CAF_CHECK_EQUAL(
      peer::internal::origin::command_line(options),
      (strings{"host", "erl", "-name", "a@b.example", "+S1", "-hidden", "-user", "peer", "-peer_origin", "libpeer"}));
  options.post_process_args = [](strings xs) { return strings{"-c", xs[0] + " …"}; };
  CAF_CHECK_EQUAL(peer::internal::origin::command_line(options), (strings{"-c", "host …"}));
}

CAF_TEST(the command line of a peer over tcp says where to connect) {
  auto options = erl();
  options.name = "a";
  options.args = {"-hidden"};
  options.connection = peer::tcp{"0.0.0.0", 0};
  auto where = peer::internal::origin::meeting_point{{"127.0.0.1", "10.0.0.1"}, 4711, false};
  CAF_CHECK_EQUAL(peer::internal::origin::command_line(options, where),
                  (strings{"-sname", "a", "-hidden", "-noinput", "-user", "peer", "-origin", "127.0.0.1,10.0.0.1",
                           "4711", "-peer_origin", "libpeer"}));
  where.has_secret = true;
  where.addresses = {"::1"};
  CAF_CHECK_EQUAL(peer::internal::origin::command_line(options, where),
                  (strings{"-sname", "a", "-hidden", "-noinput", "-user", "peer", "-origin", "::1", "4711", "-token",
                           "stdin", "-peer_origin", "libpeer"}));
  where.has_secret = false;
  options.detached = false;
  CAF_CHECK_EQUAL(
      peer::internal::origin::command_line(options, where),
      (strings{"-sname", "a", "-hidden", "-user", "peer", "-origin", "::1", "4711", "-peer_origin", "libpeer"}));
  options.post_process_args = [](strings xs) { return strings{"-c", xs[7]}; };
  CAF_CHECK_EQUAL(peer::internal::origin::command_line(options, where), (strings{"-c", "4711"}));
}

CAF_TEST(random names differ) {
  std::set<std::string> names;
  for (int i = 0; i < 1000; ++i)
    names.insert(peer::random_name());
  CAF_CHECK_EQUAL(names.size(), 1000u);
  CAF_CHECK_EQUAL(peer::random_name("x").substr(0, 2), "x-");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.name = peer::random_name(); }), "");
}
