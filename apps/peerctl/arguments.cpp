// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "arguments.hpp"

#include "caf/all.hpp"

#include <CLI/CLI.hpp>

#include <charconv>
#include <chrono>
#include <cstdint>
#include <iostream>

namespace peerctl {

namespace {

constexpr auto footer = R"(D is a time with a unit (500ms, 15s), BYTES a number that may end in K, M or G.
TERM is an Erlang term: 42, an_atom, "chars", <<"bytes">>, [1,2], {a,b}, #{k => v}.

Exit status: 0 done, 1 the call raised (class and reason as a term on stderr), 2 usage, 3 not started,
4 time-out, 5 the peer went down during the call. 'run' exits as the peer did (its status, or 128 + signal),
with 125 if it did not start.)";

// -- values -----------------------------------------------------------------------------------------------------------

/// Reads a time with a unit.
caf::timespan parse_duration(const std::string& text) {
  auto value = caf::config_value::parse(text);
  if (value)
    if (auto result = caf::get_as<caf::timespan>(*value); result && caf::holds_alternative<caf::timespan>(*value))
      return *result;
  throw CLI::ValidationError("'" + text + "' is no time with a unit, such as 500ms or 15s");
}

std::chrono::seconds parse_seconds(const std::string& text) {
  auto time = parse_duration(text);
  auto result = std::chrono::floor<std::chrono::seconds>(time);
  if (result != time)
    throw CLI::ValidationError("'" + text + "' is no whole number of seconds");
  return result;
}

/// Reads `PORT`, `ADDR:PORT` or `[ADDR]:PORT`. Whether the address is one is checked with all other options.
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

peer::connection_kind parse_connection(const std::string& text) {
  if (text == "inherited")
    return peer::inherited{};
  if (text == "standard_io")
    return peer::standard_io{};
  if (text == "distribution")
    return peer::distribution{};
  if (auto place = parse_meeting_point(text))
    return *place;
  throw CLI::ValidationError("'" + text
                             + "' is none of inherited, standard_io, distribution, PORT, ADDR:PORT and [ADDR]:PORT");
}

/// Reads one of an enumeration's names.
template <class Enum>
Enum parse_enum(const std::string& text) {
  auto result = Enum{};
  if (from_string(peer::caf_string_view{text.data(), text.size()}, result))
    return result;
  auto names = std::string{};
  for (auto name : peer::enum_names<Enum>)
    names.append(names.empty() ? "" : ", ").append(name);
  throw CLI::ValidationError("'" + text + "' is none of " + names);
}

peer::wait_boot_option parse_wait_boot(const std::string& text) {
  if (text == "infinity")
    return caf::infinite;
  if (text == "no")
    return peer::no_wait{};
  return parse_duration(text);
}

peer::shutdown_option parse_shutdown(const std::string& text) {
  if (text == "close")
    return peer::close_link{};
  if (text == "halt")
    return peer::halt{};
  if (text == "infinity")
    return caf::infinite;
  if (text.rfind("halt:", 0) == 0)
    return peer::halt{parse_duration(text.substr(5))};
  return parse_duration(text);
}

peer::heartbeat parse_heartbeat(const std::string& text) {
  auto split = text.find(':');
  if (split == std::string::npos)
    throw CLI::ValidationError("'" + text + "' is not of the form INTERVAL:TIMEOUT");
  return {parse_duration(text.substr(0, split)), parse_duration(text.substr(split + 1))};
}

std::pair<std::string, std::optional<std::string>> parse_variable(const std::string& text) {
  auto split = text.find('=');
  if (split == std::string::npos || split == 0)
    throw CLI::ValidationError("'" + text + "' is not of the form NAME=VALUE");
  return {text.substr(0, split), text.substr(split + 1)};
}

// -- options ----------------------------------------------------------------------------------------------------------

/// Lets `read` turn an option's text into a value; what it throws becomes a usage error that names the option.
template <class Read>
std::function<void(const std::string&)> reader_of(std::string name, Read read) {
  return [name = std::move(name), read](const std::string& text) {
    try {
      read(text);
    } catch (const CLI::ValidationError& err) {
      throw CLI::ValidationError(name, err.what());
    }
  };
}

template <class Read>
void add_option(CLI::App& app, const std::string& name, const std::string& value, const std::string& help, Read read) {
  app.add_option_function<std::string>(name, reader_of(name, read), help)->type_name(value);
}

/// Adds an option that may be repeated and takes one value each time.
template <class Read>
void add_list(CLI::App& app, const std::string& name, const std::string& value, const std::string& help, Read read) {
  auto read_all = [read = reader_of(name, read)](const std::vector<std::string>& texts) {
    std::for_each(texts.begin(), texts.end(), read);
  };
  app.add_option_function<std::vector<std::string>>(name, read_all, help)->type_name(value)->allow_extra_args(false);
}

/// Adds an option for a number that may have one of the suffixes K, M and G, which are powers of 1024.
void add_size(CLI::App& app, const std::string& name, const std::string& help, std::optional<std::uint64_t>& value) {
  app.add_option(name, value, help)->transform(CLI::AsSizeValue{false})->type_name("BYTES");
}

void add_limits(CLI::App& app, peer::start_options& start) {
  auto& limits = start.limits;
  add_size(app, "--limit-address-space", "Address space of the peer and each of its descendants", limits.address_space);
  add_option(app, "--limit-cpu", "D", "CPU time of the peer and each of its descendants, in whole seconds",
             [&limits](auto& text) { limits.cpu_time = parse_seconds(text); });
  app.add_option("--limit-files", limits.open_files, "Open files of the peer and each of its descendants")
      ->type_name("N");
  add_size(app, "--limit-memory", "Memory of the peer and its descendants together; needs --cgroup", limits.memory);
  app.add_option("--limit-processes", limits.processes,
                 "Processes and threads of the peer and its descendants together; needs --cgroup")
      ->type_name("N");
  app.add_option("--cpus", start.cpu_affinity, "CPUs that the peer may run on")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->type_name("N,N...");
}

void add_start_options(CLI::App& app, peer::start_options& start) {
  auto program = [&start]() -> peer::exec& {
    if (!start.exec)
      start.exec.emplace("");
    return *start.exec;
  };
  app.add_option("--name", start.name, "Name of the node, without host")->type_name("N");
  app.add_flag("--longnames", start.longnames, "The name is a long one");
  app.add_option("--host", start.host, "Host of the node")->type_name("H");
  add_option(app, "--peer-down", "stop|continue|crash", "What happens when the peer ends",
             [&start](auto& text) { start.peer_down = parse_enum<peer::peer_down>(text); });
  add_option(app, "--connection", "inherited|standard_io|distribution|PORT|ADDR:PORT",
             "Control connection (default: standard_io for erl and with --exec-arg, else inherited)",
             [&start](auto& text) { start.connection = parse_connection(text); });
  add_option(app, "--exec", "PROGRAM", "Program to start (default: peer_node)",
             [program](auto& text) { program().program = text; });
  add_list(app, "--exec-arg", "A", "Argument of the program that comes before all others; may be repeated",
           [program](auto& text) { program().arguments.push_back(text); });
  app.add_flag("--detached,!--no-detached", start.detached, "Whether the peer is cut off from this program's stdin");
  add_list(app, "--arg", "A", "Argument of the node; may be repeated",
           [&start](auto& text) { start.args.push_back(text); });
  add_list(app, "--env", "K=V", "Environment variable of the peer; may be repeated",
           [&start](auto& text) { start.env.push_back(parse_variable(text)); });
  add_option(app, "--wait-boot", "D|infinity|no", "How long to wait for the peer to boot",
             [&start](auto& text) { start.wait_boot = parse_wait_boot(text); });
  add_option(app, "--shutdown", "close|halt|halt:D|D|infinity", "How the peer is stopped in the end",
             [&start](auto& text) { start.shutdown = parse_shutdown(text); });
  add_option(app, "--heartbeat", "INTERVAL:TIMEOUT", "Ask the peer every INTERVAL; kill it if it is silent for TIMEOUT",
             [&start](auto& text) { start.heartbeat = parse_heartbeat(text); });
  add_option(app, "--survivors", "report|kill", "What happens to processes that left the peer's group and outlive it",
             [&start](auto& text) { start.survivors = parse_enum<peer::survivor_policy>(text); });
  app.add_option("--cgroup", start.cgroup, "Delegated cgroup in which the peer gets one of its own")->type_name("DIR");
  app.add_flag("--pid-namespace", start.pid_namespace, "Let the peer be process 1 of a namespace of its own");
  add_limits(app, start);
}

/// `MODULE FUNCTION [TERM...]`, which end the options, so that a term may begin with a hyphen.
void read_call(const CLI::App& app, request& result) {
  auto words = app.remaining();
  if (!words.empty() && words.front().size() > 1 && words.front().front() == '-')
    throw CLI::ExtrasError({words.front()});
  if (words.size() < 2)
    throw CLI::RequiredError("MODULE and FUNCTION");
  result.module = words[0];
  result.function = words[1];
  for (auto i = words.begin() + 2; i != words.end(); ++i) {
    auto value = peer::parse_term(*i);
    if (!value)
      throw CLI::ValidationError("TERM", "'" + *i + "': " + peer::describe(value.error()));
    result.terms.push_back(std::move(*value));
  }
}

CLI::App* add_call(CLI::App& app, const std::string& name, const std::string& what, request& result, command which) {
  auto sub = app.add_subcommand(name, what + "\nUsage: peerctl " + name + " [OPTIONS] MODULE FUNCTION [TERM...]");
  sub->prefix_command();
  add_start_options(*sub, result.start);
  sub->callback([&result, sub, which] {
    result.command = which;
    read_call(*sub, result);
  });
  return sub;
}

void add_session(CLI::App& app, const std::string& name, const std::string& what, request& result, command which) {
  auto sub = app.add_subcommand(name, what);
  add_start_options(*sub, result.start);
  sub->callback([&result, which] { result.command = which; });
}

} // namespace

std::variant<request, finished> parse_arguments(int argc, char** argv) {
  auto result = request{};
  auto app = CLI::App{"Starts a peer, talks to it, and stops it.", "peerctl"};
  app.require_subcommand(0, 1); // none is an error, too, but an unknown one is the better complaint
  app.footer(footer);
  auto call = add_call(app, "call", "Call a function and print its result as an Erlang term.", result, command::call);
  add_option(*call, "--timeout", "D|infinity", "How long to wait for the answer (default: 5s)",
             [&result](auto& text) { result.timeout = text == "infinity" ? caf::infinite : parse_duration(text); });
  add_call(app, "cast", "Start a function and do not wait for it.", result, command::cast);
  add_session(app, "run", "Forward console output and stdin until the peer ends; exit as it did.", result,
              command::run);
  add_session(app, "shell", "Read lines of the form M:F(Args). from stdin and print the results.", result,
              command::shell);
  try {
    app.parse(argc, argv);
    if (app.get_subcommands().empty())
      throw CLI::RequiredError("A subcommand");
  } catch (const CLI::ParseError& err) {
    auto code = app.exit(err);
    return finished{code == 0 ? done : usage};
  }
  if (auto err = peer::validate(result.start)) {
    std::cerr << "peerctl: " << peer::describe(err) << '\n';
    return finished{usage};
  }
  return result;
}

} // namespace peerctl
