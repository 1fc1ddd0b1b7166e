// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/command_line.hpp"

#include "connection/handover.hpp"
#include "peer/error.hpp"

#include "caf/error.hpp"
#include "caf/expected.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <string_view>
#include <utility>

#include <netdb.h>
#include <unistd.h>

namespace peer::internal::node {

namespace {

caf::error invalid(const std::string& flag, std::string_view why) {
  return fail(errc::invalid_option, "invalid argument " + flag + ": " + std::string{why});
}

/// A flag and the words up to the next one.
struct flag {
  std::string name;
  std::vector<std::string> values;
};

/// Splits the arguments as `init` does ("init", "Command-Line Flags"): what follows `--` up to the next flag, and what
/// follows `-extra`, belongs to the program.
std::vector<flag> find_flags(const std::vector<std::string>& args) {
  auto result = std::vector<flag>{};
  auto plain = true; // words that belong to no flag
  for (auto& word : args) {
    if (word == "-extra")
      break;
    if (word == "--") {
      plain = true;
    } else if (word.size() > 1 && (word[0] == '-' || word[0] == '+')) {
      result.push_back({word, {}});
      plain = false;
    } else if (!plain) {
      result.back().values.push_back(word);
    }
  }
  return result;
}

caf::error read_name(const flag& x, node_options& result) {
  if (x.values.size() != 1 || x.values[0].empty() || x.values[0].front() == '@' || x.values[0].back() == '@')
    return invalid(x.name, "a node's name must follow, with or without '@' and a host");
  result.name = x.values[0];
  result.longnames = x.name == "-name";
  return {};
}

caf::error read_origin(const flag& x, node_options& result) {
  if (x.values.size() == 1)
    return invalid(x.name, "the connection 'distribution' is not available to this node; choose standard_io or tcp");
  auto address = node_options::address{};
  auto hosts = x.values.empty() ? std::string_view{} : std::string_view{x.values[0]};
  while (!hosts.empty()) {
    auto end = std::min(hosts.find(','), hosts.size());
    if (end > 0)
      address.hosts.emplace_back(hosts.substr(0, end));
    hosts.remove_prefix(std::min(end + 1, hosts.size()));
  }
  auto port = x.values.size() == 2 ? std::string_view{x.values[1]} : std::string_view{};
  auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), address.port);
  if (address.hosts.empty() || port.empty() || failed != std::errc{} || end != port.data() + port.size())
    return invalid(x.name, "the addresses of the origin, separated by commas, and its port must follow");
  result.tcp = std::move(address);
  return {};
}

caf::error read_flag(const flag& x, node_options& result) {
  if (x.name == "-sname" || x.name == "-name")
    return read_name(x, result);
  if (x.name == "-origin")
    return read_origin(x, result);
  if (x.name == "-user" && !x.values.empty())
    result.peer = x.values[0] == "peer" || x.values[0] == "otpbp_peer";
  else if (x.name == "-detached" || x.name == "-peer_detached")
    result.detached = true;
  else if (x.name == connection::handover::token_flag && !x.values.empty())
    result.token_on_stdin = x.values[0] == connection::handover::token_source;
  else if (x.name == connection::handover::origin_flag && !x.values.empty())
    result.libpeer = x.values[0] == connection::handover::origin_kind;
  return {};
}

/// This host's name (gethostname(2)).
std::string host_name() {
  char buffer[256] = {};
  gethostname(buffer, sizeof(buffer) - 1);
  return buffer;
}

/// This host's name with its domain, if it can be determined.
std::string full_host_name() {
  auto result = host_name();
  auto hints = addrinfo{};
  hints.ai_flags = AI_CANONNAME;
  addrinfo* found = nullptr;
  if (result.find('.') == std::string::npos && getaddrinfo(result.c_str(), nullptr, &hints, &found) == 0) {
    if (found->ai_canonname != nullptr)
      result = found->ai_canonname;
    freeaddrinfo(found);
  }
  return result;
}

} // namespace

caf::expected<node_options> parse_command_line(const std::vector<std::string>& args) {
  auto result = node_options{};
  for (auto& x : find_flags(args))
    if (auto err = read_flag(x, result))
      return err;
  return result;
}

std::vector<std::string> without_flags_of_node(const std::vector<std::string>& args) {
  /// How many values follow each flag.
  static constexpr auto flags = std::array<std::pair<std::string_view, std::size_t>, 8>{{
      {"-sname", 1},
      {"-name", 1},
      {"-user", 1},
      {"-origin", 2},
      {connection::handover::token_flag, 1},
      {"-noinput", 0},
      {"-detached", 0},
      {"-peer_detached", 0},
  }};
  auto result = std::vector<std::string>{};
  for (std::size_t i = 0; i < args.size(); ++i) {
    auto known = std::find_if(flags.begin(), flags.end(), [&](auto& x) { return x.first == args[i]; });
    if (known == flags.end())
      result.push_back(args[i]);
    else
      i += known->second;
  }
  return result;
}

caf::expected<atom> node_name(const node_options& options) {
  if (options.name.empty())
    return atom{"nonode@nohost"};
  if (options.name.find('@') != std::string::npos)
    return atom{options.name};
  auto host = options.longnames ? full_host_name() : host_name();
  if (!options.longnames)
    host = host.substr(0, host.find('.'));
  else if (host.find('.') == std::string::npos)
    return invalid("-name", "this host, '" + host + "', has no name with a domain: add '@' and one");
  return atom{options.name + "@" + host};
}

} // namespace peer::internal::node
