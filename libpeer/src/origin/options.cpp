// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/options.hpp"

#include "origin/command_line.hpp"

#include "connection/listening.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "process/kernel_limits.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <limits>
#include <set>
#include <tuple>

#include <unistd.h>

namespace peer {

namespace {

caf::error invalid(std::string_view option, const std::string& value, std::string_view why) {
  auto text = "invalid option '" + std::string{option} + "'";
  if (!value.empty())
    text += " (" + value + ")";
  return caf::make_error(errc::invalid_option, text + ": " + std::string{why});
}

bool has_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

std::string in_quotes(const std::string& text) {
  return to_string(term{text});
}

caf::error check_strings(std::string_view option, const std::vector<std::string>& strings) {
  for (auto& x : strings)
    if (has_nul(x))
      return invalid(option, in_quotes(x), "a string for another program cannot contain a NUL character");
  return {};
}

caf::error check_name(const start_options& x) {
  // What a node's name may hold: "Distributed Erlang", "Nodes".
  auto allowed = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-';
  };
  if (x.name.empty() && !x.host.empty())
    return invalid("host", in_quotes(x.host), "needs the option 'name'");
  if (x.name.empty() && x.longnames)
    return invalid("longnames", "true", "needs the option 'name'");
  if (!std::all_of(x.name.begin(), x.name.end(), allowed))
    return invalid("name", in_quotes(x.name),
                   "may contain letters, digits, '_' and '-' only; a host is an option of its own");
  if (has_nul(x.host) || x.host.find_first_of("@ \t\n") != std::string::npos)
    return invalid("host", in_quotes(x.host), "is no host name");
  if (x.longnames && !x.host.empty() && x.host.find('.') == std::string::npos && x.host.find(':') == std::string::npos)
    return invalid("host", in_quotes(x.host), "is no long name: it has no dot");
  if (!x.longnames && x.host.find('.') != std::string::npos)
    return invalid("host", in_quotes(x.host), "is a long name: set 'longnames'");
  return {};
}

caf::error check_connection(const start_options& x) {
  if (!x.name.empty() && !x.connection)
    return invalid("name", in_quotes(x.name),
                   "needs the option 'connection': without it OTP controls a named node over the connection "
                   "'distribution', which is not available yet");
  auto chosen = internal::origin::chosen_connection(x);
  if (std::holds_alternative<distribution>(chosen))
    return invalid("connection", "distribution",
                   "is not available yet: this version offers 'inherited', 'standard_io' and 'tcp'");
  if (auto place = std::get_if<tcp>(&chosen);
      place && !place->address.empty() && !internal::connection::is_numeric_address(place->address))
    return invalid("connection", in_quotes(place->address), "is no IPv4 or IPv6 address in numbers");
  if (std::holds_alternative<standard_io>(chosen) && !x.detached)
    return invalid("detached", "false", "cannot be chosen with 'standard_io', which needs the peer's stdin for itself");
  return {};
}

caf::error check_exec(const start_options& x) {
  if (!x.exec)
    return {};
  if (x.exec->program.empty() || has_nul(x.exec->program))
    return invalid("exec", in_quotes(x.exec->program), "is no name of a program");
  return check_strings("exec", x.exec->arguments);
}

caf::error check_env(const start_options& x) {
  for (auto& [name, value] : x.env) {
    if (name.empty() || has_nul(name) || name.find('=') != std::string::npos)
      return invalid("env", in_quotes(name), "is no name of a variable");
    if (value && has_nul(*value))
      return invalid("env", in_quotes(*value), "a variable cannot contain a NUL character");
  }
  return {};
}

caf::error check_wait_boot(const start_options& x) {
  if (auto limit = std::get_if<caf::timespan>(&x.wait_boot); limit && limit->count() < 0)
    return invalid("wait_boot", caf::deep_to_string(*limit), "a time cannot be negative");
  if (auto whom = std::get_if<notify>(&x.wait_boot); whom && !whom->receiver)
    return invalid("wait_boot", "notify", "has no receiver");
  return {};
}

caf::error check_shutdown(const start_options& x) {
  auto limit = std::get_if<caf::timespan>(&x.shutdown);
  if (auto how = std::get_if<shutdown_halt>(&x.shutdown))
    limit = &how->timeout;
  if (limit && *limit != caf::infinite && (*limit < defaults::min_shutdown || *limit > defaults::max_shutdown))
    return invalid("shutdown", caf::deep_to_string(*limit),
                   "a time must be infinite or between 1000 and 4294967295 ms");
  return {};
}

caf::error check_heartbeat(const start_options& x) {
  if (!x.heartbeat)
    return {};
  auto check = [](const char* what, caf::timespan time, caf::timespan least) -> caf::error {
    if (time < least || time > defaults::max_shutdown)
      return invalid("heartbeat", std::string{what} + " " + caf::deep_to_string(time),
                     "interval and timeout must be greater than 0, core_time not less, and none greater than "
                     "4294967295 ms");
    return {};
  };
  if (auto err = check("interval", x.heartbeat->interval, caf::timespan{1}))
    return err;
  if (auto err = check("timeout", x.heartbeat->timeout, caf::timespan{1}))
    return err;
  return check("core_time", x.heartbeat->core_time, caf::timespan{0});
}

caf::error check_containment(const start_options& x) {
  if (has_nul(x.working_directory))
    return invalid("working_directory", in_quotes(x.working_directory), "cannot contain a NUL character");
  if (has_nul(x.cgroup))
    return invalid("cgroup", in_quotes(x.cgroup), "cannot contain a NUL character");
  return {};
}

caf::error check_limits(const start_options& x) {
  constexpr auto most = std::uint64_t{std::numeric_limits<std::int64_t>::max()}; // a negative number would be greater
  constexpr auto most_processes = std::uint64_t{1} << 22;                        // PID_MAX_LIMIT of the kernel
  constexpr auto most_seconds = std::chrono::floor<std::chrono::seconds>(caf::timespan::max()).count() - 1;
  auto refused = [](std::string_view name, const auto& value, auto greatest) {
    return invalid("limits", std::string{name} + ": " + std::to_string(value),
                   "must be between 1 and " + std::to_string(greatest));
  };
  auto& limits = x.limits;
  for (auto& [name, value, greatest] :
       {std::tuple{"address_space", limits.address_space, most}, std::tuple{"open_files", limits.open_files, most},
        std::tuple{"memory", limits.memory, most}, std::tuple{"processes", limits.processes, most_processes}})
    if (value && (*value == 0 || *value > greatest))
      return refused(name, *value, greatest);
  if (auto& time = limits.cpu_time; time && (time->count() < 1 || time->count() > most_seconds))
    return refused("cpu_time", time->count(), most_seconds);
  return {};
}

caf::error check_cpu_affinity(const start_options& x) {
  if (x.cpu_affinity.empty())
    return {};
  auto usable = internal::process::usable_cpus();
  auto seen = std::set<int>{};
  for (auto cpu : x.cpu_affinity) {
    if (!std::binary_search(usable.begin(), usable.end(), cpu))
      return invalid("cpu_affinity", std::to_string(cpu), "is no CPU that this program may use");
    if (!seen.insert(cpu).second)
      return invalid("cpu_affinity", std::to_string(cpu), "is named twice");
  }
  return {};
}

caf::error check_max_calls(const start_options& x) {
  if (x.max_calls == 0)
    return invalid("max_calls", "0", "must be at least 1");
  return {};
}

caf::error check_functions(const start_options& x) {
  if (!x.output)
    return invalid("output", "", "is empty; discard_output() drops everything");
  if (!x.input)
    return invalid("input", "", "is empty; no_input() gives none");
  return {};
}

} // namespace

caf::error validate(const start_options& x) {
  if (auto err = check_strings("args", x.args))
    return err;
  for (auto check :
       {check_exec, check_name, check_connection, check_env, check_wait_boot, check_shutdown, check_heartbeat,
        check_containment, check_limits, check_cpu_affinity, check_max_calls, check_functions})
    if (auto err = check(x))
      return err;
  if (!x.post_process_args)
    return {};
  auto where = std::optional<internal::origin::meeting_point>{};
  if (auto kind = internal::origin::chosen_connection(x); auto place = std::get_if<tcp>(&kind))
    where = internal::origin::meeting_point{{place->address}, place->port, x.detached};
  return check_strings("post_process_args", internal::origin::command_line(x, where));
}

std::string to_string(const connection_kind& kind) {
  constexpr auto names = std::array<const char*, 4>{"inherited", "standard_io", "tcp", "distribution"};
  return names[kind.index()];
}

std::string random_name(std::string_view prefix) {
  static std::atomic<unsigned> counter = 0;
  return std::string{prefix} + "-" + std::to_string(++counter) + "-" + std::to_string(getpid());
}

} // namespace peer
