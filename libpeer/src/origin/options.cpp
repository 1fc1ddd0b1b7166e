// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/options.hpp"

#include "base/utf8.hpp"
#include "connection/listening.hpp"
#include "origin/command_line.hpp"
#include "peer/error.hpp"
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

using problem = std::optional<option_problem>;

problem invalid(std::string option, std::string value, std::string what) {
  return option_problem{std::move(option), std::move(value), std::move(what)};
}

caf::error to_error(const problem& found) {
  if (!found)
    return {};
  auto value = found->value.empty() ? "" : " (" + found->value + ")";
  return fail(errc::invalid_option, "invalid option '" + found->option + "'" + value + ": " + found->what);
}

constexpr auto nul_character = "must not contain a NUL character";

bool has_nul(const std::string& text) {
  return text.find('\0') != std::string::npos;
}

std::string in_quotes(const std::string& text) {
  return "'" + internal::base::printable(text) + "'";
}

problem check_strings(const char* option, const std::vector<std::string>& strings) {
  for (auto& x : strings)
    if (has_nul(x))
      return invalid(option, in_quotes(x), nul_character);
  return {};
}

problem check_name(const start_options& x) {
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
                   "must consist of letters, digits, '_' and '-'; the host has its own option 'host'");
  if (has_nul(x.host) || x.host.find_first_of("@ \t\n") != std::string::npos)
    return invalid("host", in_quotes(x.host), "is not a valid host name");
  if (x.longnames && !x.host.empty() && x.host.find('.') == std::string::npos && x.host.find(':') == std::string::npos)
    return invalid("host", in_quotes(x.host), "is not a long name: it has no dot");
  if (!x.longnames && x.host.find('.') != std::string::npos)
    return invalid("host", in_quotes(x.host), "is a long name, which needs the option 'longnames'");
  return {};
}

problem check_connection(const start_options& x) {
  if (!x.name.empty() && !x.connection)
    return invalid("name", in_quotes(x.name),
                   "needs the option 'connection': its default for a named node, 'distribution', is not available yet");
  auto chosen = internal::origin::chosen_connection(x);
  if (std::holds_alternative<distribution>(chosen))
    return invalid("connection", "distribution", "is not available yet; use inherited, standard_io or tcp");
  if (auto place = std::get_if<tcp>(&chosen);
      place && !place->address.empty() && !internal::connection::is_numeric_address(place->address))
    return invalid("connection", in_quotes(place->address), "is not an IPv4 or IPv6 address in numbers");
  if (std::holds_alternative<standard_io>(chosen) && !x.detached)
    return invalid("detached", "false", "is not possible over standard_io, which needs the peer's stdin");
  return {};
}

problem check_exec(const start_options& x) {
  if (!x.exec)
    return {};
  if (x.exec->program.empty())
    return invalid("exec", "", "needs a program");
  if (has_nul(x.exec->program))
    return invalid("exec", in_quotes(x.exec->program), "is not the name of a program");
  return check_strings("exec", x.exec->arguments);
}

problem check_env(const start_options& x) {
  for (auto& [name, value] : x.env) {
    if (name.empty() || has_nul(name) || name.find('=') != std::string::npos)
      return invalid("env", in_quotes(name), "is not the name of an environment variable");
    if (value && has_nul(*value))
      return invalid("env", in_quotes(*value), nul_character);
  }
  return {};
}

problem check_wait_boot(const start_options& x) {
  if (auto limit = std::get_if<caf::timespan>(&x.wait_boot); limit && limit->count() < 0)
    return invalid("wait_boot", caf::deep_to_string(*limit), "must not be negative");
  if (auto whom = std::get_if<notify>(&x.wait_boot); whom && !whom->receiver)
    return invalid("wait_boot", "notify", "has no receiver");
  return {};
}

problem check_shutdown(const start_options& x) {
  auto limit = std::get_if<caf::timespan>(&x.shutdown);
  if (auto how = std::get_if<shutdown_halt>(&x.shutdown))
    limit = &how->timeout;
  if (limit && *limit != caf::infinite && (*limit < defaults::min_shutdown || *limit > defaults::max_shutdown))
    return invalid("shutdown", caf::deep_to_string(*limit), "must be between 1000 and 4294967295 ms, or infinite");
  return {};
}

problem check_heartbeat(const start_options& x) {
  if (!x.heartbeat)
    return {};
  auto check = [](const char* what, caf::timespan time, caf::timespan least) -> problem {
    if (time < least || time > defaults::max_shutdown)
      return invalid("heartbeat", std::string{what} + " " + caf::deep_to_string(time),
                     "must be " + std::string{least.count() > 0 ? "greater than 0" : "at least 0"}
                         + " and at most 4294967295 ms");
    return {};
  };
  if (auto err = check("interval", x.heartbeat->interval, caf::timespan{1}))
    return err;
  if (auto err = check("timeout", x.heartbeat->timeout, caf::timespan{1}))
    return err;
  return check("core_time", x.heartbeat->core_time, caf::timespan{0});
}

problem check_containment(const process_options& x) {
  if (has_nul(x.working_directory))
    return invalid("working_directory", in_quotes(x.working_directory), nul_character);
  if (has_nul(x.cgroup))
    return invalid("cgroup", in_quotes(x.cgroup), nul_character);
  return {};
}

problem check_limits(const process_options& x) {
  constexpr auto most = std::uint64_t{std::numeric_limits<std::int64_t>::max()}; // a negative number would be greater
  constexpr auto most_processes = std::uint64_t{1} << 22;                        // PID_MAX_LIMIT of the kernel
  constexpr auto most_seconds = std::chrono::floor<std::chrono::seconds>(caf::timespan::max()).count() - 1;
  auto refused = [](std::string_view name, const auto& value, auto greatest, const std::string& unit = {}) {
    return invalid("limits." + std::string{name}, std::to_string(value) + unit,
                   "must be between 1" + unit + " and " + std::to_string(greatest) + unit);
  };
  auto& limits = x.limits;
  for (auto& [name, value, greatest] :
       {std::tuple{"address_space", limits.address_space, most}, std::tuple{"open_files", limits.open_files, most},
        std::tuple{"memory", limits.memory, most}, std::tuple{"processes", limits.processes, most_processes}})
    if (value && (*value == 0 || *value > greatest))
      return refused(name, *value, greatest);
  if (auto& time = limits.cpu_time; time && (time->count() < 1 || time->count() > most_seconds))
    return refused("cpu_time", time->count(), most_seconds, "s");
  return {};
}

/// "0-3, 6"
std::string numbers(const std::vector<int>& sorted) {
  auto result = std::string{};
  for (auto first = sorted.begin(); first != sorted.end();) {
    auto last = first;
    while (last + 1 != sorted.end() && last[1] == *last + 1)
      ++last;
    result += (result.empty() ? "" : ", ") + std::to_string(*first);
    if (last != first)
      result += "-" + std::to_string(*last);
    first = last + 1;
  }
  return result;
}

problem check_cpu_affinity(const process_options& x) {
  if (x.cpu_affinity.empty())
    return {};
  auto usable = internal::process::usable_cpus();
  auto seen = std::set<int>{};
  for (auto cpu : x.cpu_affinity) {
    if (!std::binary_search(usable.begin(), usable.end(), cpu))
      return invalid("cpu_affinity", std::to_string(cpu),
                     "is not a CPU that this program may use (" + numbers(usable) + ")");
    if (!seen.insert(cpu).second)
      return invalid("cpu_affinity", std::to_string(cpu), "is given twice");
  }
  return {};
}

problem check_process(const process_options& x) {
  for (auto check : {check_containment, check_limits, check_cpu_affinity})
    if (auto found = check(x))
      return found;
  return {};
}

problem check_max_calls(const start_options& x) {
  if (x.max_calls == 0)
    return invalid("max_calls", "0", "must be at least 1");
  return {};
}

problem check_functions(const start_options& x) {
  if (!x.output)
    return invalid("output", "", "is empty; use discard_output() for no output");
  if (!x.input)
    return invalid("input", "", "is empty; use no_input() for no input");
  return {};
}

} // namespace

std::optional<option_problem> find_problem(const start_options& x) {
  if (auto found = check_strings("args", x.args))
    return found;
  for (auto check : {check_exec, check_name, check_connection, check_env, check_wait_boot, check_shutdown,
                     check_heartbeat, check_max_calls, check_functions})
    if (auto found = check(x))
      return found;
  if (auto found = check_process(x.process))
    return found;
  if (!x.post_process_args)
    return {};
  auto where = std::optional<internal::origin::meeting_point>{};
  if (auto kind = internal::origin::chosen_connection(x); auto place = std::get_if<tcp>(&kind))
    where = internal::origin::meeting_point{{place->address}, place->port, x.detached};
  return check_strings("post_process_args", internal::origin::command_line(x, where));
}

caf::error validate(const start_options& x) {
  return to_error(find_problem(x));
}

caf::error validate(const process_options& x) {
  return to_error(check_process(x));
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
