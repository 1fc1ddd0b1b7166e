// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/command_line.hpp"

#include "connection/handover.hpp"

#include <algorithm>
#include <filesystem>

#include <unistd.h>

namespace peer::internal::origin {

namespace {

/// The default program.
constexpr auto generic_node = "peer_node";

/// The elements of a list, in the form of Erlang's command line.
std::string join(const std::vector<std::string>& xs) {
  auto result = std::string{};
  for (auto& x : xs)
    result += (result.empty() ? "" : ",") + x;
  return result;
}

} // namespace

peer::exec chosen_program(const start_options& x) {
  if (x.exec)
    return *x.exec;
  auto failed = std::error_code{};
  auto ours = std::filesystem::read_symlink("/proc/self/exe", failed);
  auto beside = ours.parent_path() / generic_node;
  return peer::exec{!failed && access(beside.c_str(), X_OK) == 0 ? beside.string() : generic_node};
}

connection_kind chosen_connection(const start_options& x) {
  if (x.connection)
    return *x.connection;
  if (x.exec && (!x.exec->arguments.empty() || std::filesystem::path{x.exec->program}.filename() == "erl"))
    return standard_io{};
  return inherited{};
}

shutdown_option chosen_shutdown(const start_options& x) {
  if (!std::holds_alternative<shutdown_default>(x.shutdown))
    return x.shutdown;
  auto is_erl = [](const std::string& word) { return std::filesystem::path{word}.filename() == "erl"; };
  auto runs_erl = x.exec && (is_erl(x.exec->program) || std::ranges::any_of(x.exec->arguments, is_erl));
  return runs_erl ? shutdown_option{shutdown_halt{}} : shutdown_option{caf::timespan{defaults::stop_timeout}};
}

std::optional<caf::timespan> named_time(const shutdown_option& how) {
  if (auto halt = std::get_if<shutdown_halt>(&how))
    return halt->timeout;
  if (auto time = std::get_if<caf::timespan>(&how))
    return *time;
  return std::nullopt;
}

std::vector<std::string> command_line(const start_options& x, const std::optional<meeting_point>& where) {
  auto result = std::vector<std::string>{};
  if (x.exec)
    result = x.exec->arguments;
  if (!x.name.empty()) {
    result.emplace_back(x.longnames ? "-name" : "-sname");
    result.emplace_back(x.host.empty() ? x.name : x.name + "@" + x.host);
  }
  result.insert(result.end(), x.args.begin(), x.args.end());
  if (where && x.detached)
    result.emplace_back("-noinput"); // or erl would read its stdin
  result.insert(result.end(), {"-user", "peer"});
  if (where)
    result.insert(result.end(), {"-origin", join(where->addresses), std::to_string(where->port)});
  if (where && where->has_secret)
    result.insert(result.end(), {connection::handover::token_flag, connection::handover::token_source});
  if (!std::holds_alternative<inherited>(chosen_connection(x)))
    result.insert(result.end(), {connection::handover::origin_flag, connection::handover::origin_kind});
  return x.post_process_args ? x.post_process_args(std::move(result)) : result;
}

atom name_before_boot(const start_options& x) {
  return x.host.empty() ? atom{} : atom{x.name + "@" + x.host};
}

std::string display_name(const start_options& x) {
  if (!x.name.empty())
    return x.host.empty() ? x.name : x.name + "@" + x.host;
  return x.exec ? x.exec->program : generic_node;
}

} // namespace peer::internal::origin
