// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "start_keys.hpp"
#include "duration.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <filesystem>
#include <limits>
#include <optional>
#include <sstream>
#include <utility>

namespace peerctl {

namespace {

caf::error wrong(const std::string& text, const std::string& why) {
  return peer::fail(peer::errc::invalid_option, "'" + text + "' " + why);
}

/// Stores the value, if there is one.
template <class Target, class T>
caf::error assign(Target& target, caf::expected<T> value) {
  if (!value)
    return std::move(value.error());
  target = std::move(*value);
  return {};
}

/// Reads `PORT`, `ADDR:PORT` or `[ADDR]:PORT`. `peer::find_problem` checks the address.
std::optional<peer::tcp> parse_meeting_point(const std::string& text) {
  auto result = peer::tcp{};
  auto port = text;
  if (auto colon = text.rfind(':'); colon != std::string::npos) {
    result.address = text.substr(0, colon);
    port = text.substr(colon + 1);
    auto in_brackets = result.address.starts_with('[') && result.address.ends_with(']');
    if (in_brackets)
      result.address = result.address.substr(1, result.address.size() - 2);
    else if (result.address.find(':') != std::string::npos) // where would an IPv6 address end?
      return std::nullopt;
    if (result.address.empty())
      return std::nullopt;
  }
  auto [end, failed] = std::from_chars(port.data(), port.data() + port.size(), result.port);
  if (failed != std::errc{} || end != port.data() + port.size())
    return std::nullopt;
  return result;
}

caf::expected<peer::connection_kind> parse_connection(const std::string& text) {
  if (text == "inherited")
    return peer::connection_kind{peer::inherited{}};
  if (text == "standard_io")
    return peer::connection_kind{peer::standard_io{}};
  if (text == "distribution")
    return peer::connection_kind{peer::distribution{}};
  if (auto place = parse_meeting_point(text))
    return peer::connection_kind{*place};
  return none_of(text, "inherited, standard_io, distribution, PORT, ADDR:PORT and [ADDR]:PORT");
}

caf::error read_wait_boot(peer::start_options& target, const std::string& text) {
  if (text != "no")
    return assign(target.wait_boot, parse_limit(text));
  target.wait_boot = peer::no_wait{};
  return {};
}

caf::error read_shutdown(peer::start_options& target, const std::string& text) {
  if (text == "close")
    target.shutdown = peer::shutdown_close{};
  else if (text == "halt")
    target.shutdown = peer::shutdown_halt{};
  else if (text.starts_with("halt:"))
    return assign(target.shutdown.emplace<peer::shutdown_halt>().timeout, parse_duration(text.substr(5)));
  else
    return assign(target.shutdown, parse_limit(text));
  return {};
}

caf::error read_heartbeat(peer::start_options& target, const std::string& text) {
  auto split = text.find(':');
  if (split == std::string::npos)
    return wrong(text, "is not of the form INTERVAL:TIMEOUT, such as 1s:10s");
  auto result = peer::heartbeat{};
  if (auto err = assign(result.interval, parse_duration(text.substr(0, split))))
    return err;
  if (auto err = assign(result.timeout, parse_duration(text.substr(split + 1))))
    return err;
  target.heartbeat = result;
  return {};
}

template <class Number>
caf::expected<Number> parse_number(const std::string& text) {
  auto result = Number{};
  auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), result);
  if (failed != std::errc{} || end != text.data() + text.size())
    return wrong(text, "is not a number, or is too large");
  return result;
}

/// A number that may have one of the suffixes K, M and G, which are powers of 1024.
caf::expected<std::uint64_t> parse_size(const std::string& text) {
  constexpr auto suffixes = std::string_view{"KMG"};
  auto suffix = text.empty() ? std::string_view::npos : suffixes.find(text.back());
  auto shift = suffix == std::string_view::npos ? std::size_t{0} : 10 * (suffix + 1);
  auto number = parse_number<std::uint64_t>(text.substr(0, text.size() - (shift > 0 ? 1 : 0)));
  if (!number || *number > std::numeric_limits<std::uint64_t>::max() >> shift)
    return wrong(text, "is not a number of bytes, such as 65536 or 64K");
  return *number << shift;
}

caf::expected<std::chrono::seconds> parse_seconds(const std::string& text) {
  auto time = parse_duration(text);
  if (!time)
    return std::move(time.error());
  auto result = std::chrono::floor<std::chrono::seconds>(*time);
  if (result != *time)
    return wrong(text, "is not a whole number of seconds, such as 10s");
  return result;
}

caf::error read_cpus(peer::start_options& target, const std::string& text) {
  auto words = std::istringstream{text + ","};
  for (std::string word; std::getline(words, word, ',');) {
    auto number = parse_number<int>(word);
    if (!number)
      return wrong(text, "is not a list of CPU numbers, such as 0,1");
    target.process.cpu_affinity.push_back(*number);
  }
  return {};
}

caf::error read_variable(peer::start_options& target, const std::string& text) {
  auto split = text.find('=');
  if (split == std::string::npos || split == 0)
    return wrong(text, "is not of the form NAME=VALUE");
  target.env.emplace_back(text.substr(0, split), text.substr(split + 1));
  return {};
}

peer::exec& program_of(peer::start_options& target) {
  if (!target.exec)
    target.exec.emplace("");
  return *target.exec;
}

using options = peer::start_options;
using text = const std::string;

const auto table = std::vector<start_key>{
    {"name", "name", "name", key_shape::text, "N", "", "Name of the node, without host; needs a connection",
     [](options& x, text& t) { return x.name = t, caf::error{}; }},
    {"longnames", "longnames", "longnames", key_shape::flag, "", "false", "The name is a long name",
     [](options& x, text& t) { return x.longnames = t == "true", caf::error{}; }},
    {"host", "host", "host", key_shape::text, "H", "", "Host of the node",
     [](options& x, text& t) { return x.host = t, caf::error{}; }},
    {"peer_down", "peer-down", "", key_shape::value, "stop|continue|crash", "stop",
     "What happens when the peer ends unasked",
     [](options& x, text& t) { return assign(x.peer_down, parse_enum<peer::peer_down>(t)); }},
    {"connection", "connection", "connection", key_shape::value, "inherited|standard_io|PORT|ADDR:PORT|distribution",
     "standard_io for erl and with leading arguments, else inherited",
     "Control connection: a private socket, stdin and stdout, or TCP; distribution is not available yet",
     [](options& x, text& t) { return assign(x.connection, parse_connection(t)); }},
    {"exec", "exec", "exec", key_shape::text, "PROGRAM", "the peer_node beside peerctl, or in PATH",
     "Program that becomes the peer", [](options& x, text& t) { return program_of(x).program = t, caf::error{}; }},
    {"exec", "exec-arg", "exec-args", key_shape::list, "A", "",
     "Leading argument of the program, before all others; may be repeated",
     [](options& x, text& t) { return program_of(x).arguments.push_back(t), caf::error{}; }},
    {"detached", "detached", "detached", key_shape::flag, "", "true",
     "The peer does not read this program's stdin; over standard_io it never does",
     [](options& x, text& t) { return x.detached = t == "true", caf::error{}; }},
    {"args", "arg", "args", key_shape::list, "A", "", "Argument of the node; may be repeated",
     [](options& x, text& t) { return x.args.push_back(t), caf::error{}; }},
    {"env", "env", "env", key_shape::list, "K=V", "", "Environment variable of the peer; may be repeated",
     read_variable},
    {"wait_boot", "wait-boot", "wait-boot", key_shape::value, "D|infinity|no", "15s",
     "How long to wait for the peer to boot", read_wait_boot},
    {"shutdown", "shutdown", "shutdown", key_shape::value, "close|halt|halt:D|D|infinity", "`halt` for `erl`, else 5 s",
     "How the peer is stopped in the end, and how long that may take", read_shutdown},
    {"heartbeat", "heartbeat", "heartbeat", key_shape::text, "INTERVAL:TIMEOUT", "",
     "Call the peer every INTERVAL; kill it if it is silent for TIMEOUT", read_heartbeat},
    {"working_directory", "working-directory", "working-directory", key_shape::text, "DIR", "that of peerctl",
     "Where the peer runs", [](options& x, text& t) { return x.process.working_directory = t, caf::error{}; }},
    {"survivors", "survivors", "survivors", key_shape::value, "report|kill", "report",
     "What happens to processes that left the peer's group and outlive it",
     [](options& x, text& t) { return assign(x.process.survivors, parse_enum<peer::survivor_policy>(t)); }},
    {"cgroup", "cgroup", "cgroup", key_shape::text, "DIR", "",
     "Delegated cgroup v2 in which the peer gets a new one; what is in that ends with the peer",
     [](options& x, text& t) { return x.process.cgroup = t, caf::error{}; }},
    {"pid_namespace", "pid-namespace", "pid-namespace", key_shape::flag, "", "false",
     "The peer is process 1 of a new pid namespace, which ends with it",
     [](options& x, text& t) { return x.process.pid_namespace = t == "true", caf::error{}; }},
    {"limits.address_space", "limit-address-space", "limit-address-space", key_shape::value, "BYTES", "that of peerctl",
     "Address space of the peer and of each of its descendants",
     [](options& x, text& t) { return assign(x.process.limits.address_space, parse_size(t)); }},
    {"limits.cpu_time", "limit-cpu", "limit-cpu", key_shape::value, "D", "that of peerctl",
     "CPU time of the peer and of each of its descendants, in whole seconds",
     [](options& x, text& t) { return assign(x.process.limits.cpu_time, parse_seconds(t)); }},
    {"limits.open_files", "limit-files", "limit-files", key_shape::value, "N", "that of peerctl",
     "Open files of the peer and of each of its descendants",
     [](options& x, text& t) { return assign(x.process.limits.open_files, parse_number<std::uint64_t>(t)); }},
    {"limits.memory", "limit-memory", "limit-memory", key_shape::value, "BYTES", "",
     "Memory of the peer and its descendants together; needs a cgroup",
     [](options& x, text& t) { return assign(x.process.limits.memory, parse_size(t)); }},
    {"limits.processes", "limit-processes", "limit-processes", key_shape::value, "N", "",
     "Processes and threads of the peer and its descendants together; needs a cgroup",
     [](options& x, text& t) { return assign(x.process.limits.processes, parse_number<std::uint64_t>(t)); }},
    {"cpu_affinity", "cpus", "cpus", key_shape::text, "N,N...", "all that peerctl may use",
     "CPUs that the peer may run on", read_cpus},
    {"queue_limit", "queue-limit", "queue-limit", key_shape::value, "BYTES", "64M",
     "Bytes that may wait for a peer that does not read; more are refused",
     [](options& x, text& t) { return assign(x.queue_limit, parse_size(t)); }},
    {"max_calls", "max-calls", "max-calls", key_shape::value, "N", "262144",
     "Calls that may wait for the peer's answers; more are refused",
     [](options& x, text& t) { return assign(x.max_calls, parse_number<std::size_t>(t)); }},
};

} // namespace

const std::vector<start_key>& start_keys() {
  return table;
}

caf::error read_option(const start_key& key, peer::start_options& target, const std::string& text) {
  if (text.empty() && key.shape == key_shape::text)
    return wrong(text, "is empty");
  return key.read(target, text);
}

std::optional<peer::option_problem> find_start_problem(const peer::start_options& options) {
  if (auto found = peer::find_problem(options))
    return found;
  auto is_erl = options.exec && std::filesystem::path{options.exec->program}.filename() == "erl";
  if (is_erl && options.connection && std::holds_alternative<peer::inherited>(*options.connection))
    return peer::option_problem{"connection", "inherited",
                                "is for programs with a peer::node; erl takes standard_io or a port"};
  return std::nullopt;
}

const start_key* find_key(std::string_view option, const std::function<bool(const start_key&)>& is_given) {
  auto stands_for = [option](const start_key& x) { return x.option == option; };
  auto result = std::find_if(table.begin(), table.end(), [&](auto& x) { return stands_for(x) && is_given(x); });
  if (result == table.end())
    result = std::find_if(table.begin(), table.end(), stands_for);
  return result != table.end() ? &*result : nullptr;
}

std::string sentence(const peer::option_problem& problem, const std::function<std::string(const start_key&)>& name_of) {
  auto result = (problem.value.empty() ? "" : problem.value + " ") + problem.what;
  for (auto& each : table) {
    auto in_quotes = "'" + std::string{each.option} + "'";
    if (auto at = result.find("option " + in_quotes); at != std::string::npos)
      result.replace(at + 7, in_quotes.size(), name_of(each));
  }
  return result;
}

caf::error none_of(const std::string& text, const std::string& names) {
  return wrong(text, "is none of " + names);
}

} // namespace peerctl
