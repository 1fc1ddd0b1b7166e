// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

// What OTP's origins pass to `exec`, and what they do not.

#define CAF_SUITE peer.node.command_line

#include "node/command_line.hpp"
#include "peer/config.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"

#include "caf/all.hpp"
#include "caf/test/dsl.hpp"

#include <string>
#include <vector>

#include <unistd.h>

using peer::internal::node::node_name;
using peer::internal::node::node_options;
using peer::internal::node::parse_command_line;

using words = std::vector<std::string>;

namespace {

peer::internal::node::node_options parsed(const words& args) {
  auto result = peer::internal::node::parse_command_line(args);
  if (!result)
    CAF_FAIL("unexpected error: " << to_string(result.error()));
  return *result;
}

std::string complaint(const words& args) {
  auto result = peer::internal::node::parse_command_line(args);
  if (result)
    CAF_FAIL("an error was expected");
  CAF_CHECK(result.error() == peer::errc::invalid_option);
  return peer::text_of(result.error());
}

std::string name_of(const words& args) {
  auto name = peer::internal::node::node_name(parsed(args));
  return name ? std::string{name->name()} : peer::text_of(name.error());
}

std::string short_host() {
  char buffer[256] = {};
  gethostname(buffer, sizeof(buffer) - 1);
  auto name = std::string{buffer};
  return name.substr(0, name.find('.'));
}

} // namespace

CAF_TEST(the command line for standard_io) {
  auto x = parsed({"-sname", "n", "-pa", "a", "b", "-user", "peer"});
  CAF_CHECK(x.peer);
  CAF_CHECK_EQUAL(x.name, "n");
  CAF_CHECK(!x.longnames);
  CAF_CHECK(!x.tcp);
  CAF_CHECK(!x.detached);
  CAF_CHECK(!x.token_on_stdin);
}

CAF_TEST(the command line for tcp) {
  auto x = parsed({"-detached", "-noinput", "-user", "peer", "-origin", "127.0.0.1,::1,192.0.2.7", "4711"});
  CAF_REQUIRE(x.tcp);
  CAF_CHECK_EQUAL(x.tcp->hosts, (words{"127.0.0.1", "::1", "192.0.2.7"}));
  CAF_CHECK_EQUAL(x.tcp->port, 4711u);
  CAF_CHECK(x.detached);
  CAF_CHECK(parsed({"-detached", "-peer_detached", "-user", "peer"}).detached);
  CAF_CHECK(parsed({"-user", "peer", "-origin", "::1", "1", "-token", "stdin"}).token_on_stdin);
}

CAF_TEST(the backport of peer calls itself otpbp_peer) {
  CAF_CHECK(parsed({"-user", "otpbp_peer"}).peer);
  CAF_CHECK(!parsed({"-user", "user"}).peer);
}

CAF_TEST(unknown flags and plain words are ignored) {
  auto x = parsed({"plain", "-x", "1", "+S", "1", "--", "-setcookie", "c", "-user", "peer", "-extra", "-sname", "n"});
  CAF_CHECK(x.peer);
  CAF_CHECK_EQUAL(x.name, "");
  CAF_CHECK(!parsed({}).peer);
}

CAF_TEST(without a name a node is nonode at nohost) {
  CAF_CHECK_EQUAL(name_of({"-user", "peer"}), "nonode@nohost");
}

CAF_TEST(a short name gets this host) {
  CAF_CHECK_EQUAL(name_of({"-sname", "n"}), "n@" + short_host());
  CAF_CHECK_EQUAL(name_of({"-sname", "n@elsewhere"}), "n@elsewhere");
}

CAF_TEST(a long name may name its host) {
  CAF_CHECK_EQUAL(name_of({"-name", "n@host.example"}), "n@host.example");
}

CAF_TEST(a name that is none is an error) {
  auto why = "invalid argument -sname: a node's name must follow, with or without '@' and a host";
  CAF_CHECK_EQUAL(complaint({"-sname"}), why);
  CAF_CHECK_EQUAL(complaint({"-sname", ""}), why);
  CAF_CHECK_EQUAL(complaint({"-sname", "@host"}), why);
  CAF_CHECK_EQUAL(complaint({"-sname", "a", "b"}), why);
}

CAF_TEST(an origin that is no address is an error) {
  auto why = "invalid argument -origin: the addresses of the origin, separated by commas, and its port must follow";
  CAF_CHECK_EQUAL(complaint({"-origin"}), why);
  CAF_CHECK_EQUAL(complaint({"-origin", "127.0.0.1", "x"}), why);
  CAF_CHECK_EQUAL(complaint({"-origin", "127.0.0.1", "65536"}), why);
  CAF_CHECK_EQUAL(complaint({"-origin", ",", "1"}), why);
}

CAF_TEST(an origin in the distribution is refused) {
  CAF_CHECK_EQUAL(complaint({"-user", "peer", "-origin", "g1hYdw1ub25vZGVAbm9ob3N0"}),
                  "invalid argument -origin: the connection 'distribution' is not available to this node; choose "
                  "standard_io or tcp");
}

CAF_TEST(a program gets its own arguments without those of the node) {
  auto line = std::vector<std::string>{
      "worker", "--peer.spin=0us", "-sname", "a@b",  "--verbose", "-noinput", "-user", "peer", "-origin", "::1",
      "4711",   "-token",          "stdin",  "file", "-detached", "-x"};
  auto argv = std::vector<char*>{};
  for (auto& word : line)
    argv.push_back(word.data());
  auto own = peer::program_arguments(static_cast<int>(argv.size()), argv.data());
  CAF_CHECK_EQUAL(own, (std::vector<std::string>{"--peer.spin=0us", "--verbose", "file", "-x"}));
  CAF_CHECK(peer::program_arguments(0, argv.data()).empty());
  auto cut = std::vector<char*>{line[0].data(), line[8].data()};
  CAF_CHECK(peer::program_arguments(2, cut.data()).empty());
}

CAF_TEST(settings of libpeer are options of a program) {
  auto cfg = peer::config{};
  auto err = cfg.parse(std::vector<std::string>{"--peer.spin=0us", "--peer.stop-timeout=2s",
                                                "--peer.max-waiting-jobs=7", "--peer.queue-limit=1000"});
  CAF_CHECK_EQUAL(err, caf::error{});
  CAF_CHECK_EQUAL(caf::get_or(cfg, "peer.spin", caf::timespan{1}), caf::timespan{0});
  CAF_CHECK_EQUAL(caf::get_or(cfg, "peer.queue-limit", std::size_t{0}), 1000u);
}
