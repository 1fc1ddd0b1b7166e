// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#define CAF_SUITE peer.control.options

#include "caf/all.hpp"

#include "caf/test/dsl.hpp"

#include "peer/base/error.hpp"
#include "peer/control/options.hpp"
#include "peer/control/report.hpp"

#include <set>

using namespace std::chrono_literals;

namespace {

using strings = std::vector<std::string>;

peer::start_options erl() {
  auto result = peer::start_options{};
  result.exec = peer::exec{"erl"};
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
  CAF_CHECK(mentions(complaint([](auto& x) { x.exec = std::nullopt; }), {"'exec'", "missing"}));
}

CAF_TEST(strings for the program must not contain NUL) {
  auto nul = std::string{"a\0b", 3};
  CAF_CHECK(mentions(complaint([&](auto& x) { x.args = {"ok", nul}; }), {"'args'", "NUL"}));
  CAF_CHECK(mentions(complaint([&](auto& x) { x.exec = peer::exec{nul}; }), {"'exec'"}));
  CAF_CHECK(mentions(complaint([&](auto& x) { x.exec = peer::exec{""}; }), {"'exec'"}));
  CAF_CHECK(mentions(complaint([&](auto& x) { x.exec->arguments = {nul}; }), {"'exec'", "NUL"}));
  CAF_CHECK(mentions(complaint([&](auto& x) { x.env = {{"A", nul}}; }), {"'env'", "NUL"}));
  CAF_CHECK(mentions(complaint([&](auto& x) { x.working_directory = nul; }), {"'working_directory'"}));
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

CAF_TEST(connections that do not exist yet are refused) {
  for (auto kind : std::vector<peer::connection_kind>{peer::inherited{}, peer::tcp{}, peer::distribution{}})
    CAF_CHECK(mentions(complaint([&](auto& x) { x.connection = kind; }), {"'connection'", "not available yet"}));
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.connection = peer::standard_io{}; }), "");
  CAF_CHECK(mentions(complaint([](auto& x) { x.detached = false; }), {"'detached'", "standard_io"}));
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
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.shutdown = caf::timespan{1s}; }), "");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.shutdown = caf::infinite; }), "");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.shutdown = peer::close_link{}; }), "");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.shutdown = peer::halt{4294967295ms}; }), "");
  CAF_CHECK(mentions(complaint([](auto& x) { x.shutdown = caf::timespan{999ms}; }), {"'shutdown'", "999ms", "1000"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.shutdown = caf::timespan{0}; }), {"'shutdown'"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.shutdown = peer::halt{4294967296ms}; }), {"'shutdown'"}));
}

CAF_TEST(sinks and sources must be there) {
  CAF_CHECK(mentions(complaint([](auto& x) { x.output = nullptr; }), {"'output'"}));
  CAF_CHECK(mentions(complaint([](auto& x) { x.input = nullptr; }), {"'input'"}));
}

CAF_TEST(the command line is the one of OTP) {
  auto options = erl();
  CAF_CHECK_EQUAL(peer::command_line(options), (strings{"-user", "peer"}));
  options.exec = peer::exec{"ssh", {"host", "erl"}};
  options.name = "a";
  options.args = {"+S1", "-hidden"};
  CAF_CHECK_EQUAL(peer::command_line(options),
                  (strings{"host", "erl", "-sname", "a", "+S1", "-hidden", "-user", "peer"}));
  options.host = "b.example";
  options.longnames = true;
  CAF_CHECK_EQUAL(peer::command_line(options),
                  (strings{"host", "erl", "-name", "a@b.example", "+S1", "-hidden", "-user", "peer"}));
  options.post_process_args = [](strings xs) { return strings{"-c", xs[0] + " …"}; };
  CAF_CHECK_EQUAL(peer::command_line(options), (strings{"-c", "host …"}));
}

CAF_TEST(random names differ) {
  std::set<std::string> names;
  for (int i = 0; i < 1000; ++i)
    names.insert(peer::random_name());
  CAF_CHECK_EQUAL(names.size(), 1000u);
  CAF_CHECK_EQUAL(peer::random_name("x").substr(0, 2), "x-");
  CAF_CHECK_EQUAL(complaint([](auto& x) { x.name = peer::random_name(); }), "");
}
