// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/introspection.hpp"

#include "origin/command_line.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "term/text/print.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace peer::internal::origin {

namespace {

using entries = std::vector<erl::map::value_type>;

term as_term(const std::vector<std::string>& xs) {
  return erl::list{std::vector<term>{xs.begin(), xs.end()}};
}

// -- options as terms -------------------------------------------------------------------------------------------------

/// Whole milliseconds or `infinity`, as in OTP.
term as_term(caf::timespan time) {
  if (time == caf::infinite)
    return atom{"infinity"};
  return std::int64_t{std::chrono::duration_cast<std::chrono::milliseconds>(time).count()};
}

std::optional<caf::timespan> to_time(const term& x) {
  if (x.is_atom("infinity"))
    return caf::infinite;
  auto count = x.get_if<std::int64_t>();
  if (count == nullptr || *count < 0 || *count > defaults::max_shutdown.count())
    return std::nullopt;
  return std::chrono::milliseconds{*count};
}

term as_term(const shutdown_option& x) {
  if (std::holds_alternative<shutdown_close>(x))
    return atom{"close"};
  if (auto how = std::get_if<shutdown_halt>(&x))
    return tagged("halt", as_term(how->timeout));
  return as_term(std::get<caf::timespan>(x));
}

std::optional<shutdown_option> to_shutdown(const term& x) {
  if (x.is_atom("close"))
    return shutdown_close{};
  if (x.is_atom("halt"))
    return shutdown_halt{};
  if (auto how = match_tagged(x, "halt", 2)) {
    if (auto time = to_time((*how)[1]))
      return shutdown_halt{*time};
  } else if (auto time = to_time(x)) {
    return *time;
  }
  return std::nullopt;
}

std::optional<peer_down> to_peer_down(const term& x) {
  auto name = x.get_if<atom>();
  auto result = peer_down::stop;
  if (name == nullptr || !from_string(detail::caf_string_view{name->name().data(), name->name().size()}, result))
    return std::nullopt;
  return result;
}

term as_term(const wait_boot_option& x) {
  if (auto limit = std::get_if<caf::timespan>(&x))
    return as_term(*limit);
  if (auto whom = std::get_if<notify>(&x))
    return tagged("notify", whom->tag);
  return atom{"false"};
}

term as_term(const std::optional<heartbeat>& x) {
  if (!x)
    return atom{"false"};
  return erl::tuple{as_term(x->interval), as_term(x->timeout), as_term(x->core_time)};
}

term as_term(const connection_kind& kind) {
  if (auto place = std::get_if<tcp>(&kind))
    return place->address.empty() ? term{place->port} : term{erl::tuple{place->address, place->port}};
  return atom{to_string(kind)};
}

/// The limits that have a value.
term as_term(const resource_limits& x) {
  auto result = entries{};
  auto add = [&](const char* name, const auto& value) {
    if (value)
      result.emplace_back(atom{name}, *value);
  };
  add("address_space", x.address_space);
  if (x.cpu_time)
    result.emplace_back(atom{"cpu_time"}, as_term(caf::timespan{*x.cpu_time}));
  add("open_files", x.open_files);
  add("memory", x.memory);
  add("processes", x.processes);
  return erl::map{std::move(result)};
}

term exec_term(const start_options& x) {
  auto program = chosen_program(x);
  return erl::tuple{program.program, as_term(program.arguments)};
}

term env_term(const start_options& x) {
  auto result = entries{};
  for (auto& [name, value] : x.env)
    result.emplace_back(name, value ? term{*value} : term{atom{"false"}});
  return erl::map{std::move(result)};
}

term as_term(const std::vector<int>& xs) {
  return erl::list{std::vector<term>{xs.begin(), xs.end()}};
}

/// An option that introspection shows.
struct shown_option {
  const char* name;
  term (*show)(const start_options& options);
};

/// All options except for functions, in the order of `start_options`. tests/options holds the table to that of peerctl.
constexpr auto shown_options = std::array{
    shown_option{"name", [](const start_options& x) { return term{x.name}; }},
    shown_option{"host", [](const start_options& x) { return term{x.host}; }},
    shown_option{"longnames", [](const start_options& x) { return term{x.longnames}; }},
    shown_option{"exec", exec_term},
    shown_option{"connection", [](const start_options& x) { return as_term(chosen_connection(x)); }},
    shown_option{"detached", [](const start_options& x) { return term{x.detached}; }},
    shown_option{"args", [](const start_options& x) { return as_term(x.args); }},
    shown_option{"env", env_term},
    shown_option{"peer_down", [](const start_options& x) { return term{atom{to_string(x.peer_down)}}; }},
    shown_option{"wait_boot", [](const start_options& x) { return as_term(x.wait_boot); }},
    shown_option{"shutdown", [](const start_options& x) { return as_term(chosen_shutdown(x)); }},
    shown_option{"heartbeat", [](const start_options& x) { return as_term(x.heartbeat); }},
    shown_option{"working_directory", [](const start_options& x) { return term{x.process.working_directory}; }},
    shown_option{"survivors", [](const start_options& x) { return term{atom{to_string(x.process.survivors)}}; }},
    shown_option{"cgroup", [](const start_options& x) { return term{x.process.cgroup}; }},
    shown_option{"pid_namespace", [](const start_options& x) { return term{x.process.pid_namespace}; }},
    shown_option{"limits", [](const start_options& x) { return as_term(x.process.limits); }},
    shown_option{"cpu_affinity", [](const start_options& x) { return as_term(x.process.cpu_affinity); }},
    shown_option{"queue_limit", [](const start_options& x) { return term{x.queue_limit}; }},
    shown_option{"max_calls", [](const start_options& x) { return term{x.max_calls}; }},
};

// -- changes ----------------------------------------------------------------------------------------------------------

caf::error refused(std::string_view what, const term& value) {
  return fail(errc::invalid_option, "the new state has '" + std::string{what} + "' (" + text::print_limited(value)
                                        + "), which cannot be changed to that: only the options 'peer_down' and "
                                          "'shutdown' of a peer that was started can be replaced");
}

/// Whether both are maps with the same keys, and `may_differ` names the only ones whose values differ.
caf::error check_rest(const term& present, const term& wanted, const std::vector<std::string_view>& may_differ) {
  auto before = present.get_if<erl::map>();
  auto after = wanted.get_if<erl::map>();
  if (before == nullptr || after == nullptr || before->size() != after->size())
    return refused("state", wanted);
  for (auto& [key, value] : *before) {
    auto found = after->find(key);
    auto free = std::any_of(may_differ.begin(), may_differ.end(), [&k = key](auto name) { return k.is_atom(name); });
    if (found == nullptr || (!free && *found != value))
      return refused(text::print_limited(key), found != nullptr ? *found : term{atom{"undefined"}});
  }
  return {};
}

} // namespace

term describe(const start_options& x) {
  auto result = entries{};
  for (auto& each : shown_options)
    result.emplace_back(atom{each.name}, each.show(x));
  return erl::map{std::move(result)};
}

term describe(const control_state& x) {
  auto outstanding = entries{};
  x.outstanding.for_each([&](std::uint64_t seq, const pending_call& call) {
    outstanding.emplace_back(seq, erl::tuple{call.module(), call.function()});
  });
  auto& [state, node, reason, process_id, limits_off] = x.status;
  auto undefined = term{atom{"undefined"}};
  return erl::map{{atom{"options"}, describe(x.options)},
                  {atom{"node"}, node.name().empty() ? undefined : term{node}},
                  {atom{"exec"}, chosen_program(x.options).program},
                  {atom{"args"}, as_term(x.arguments)},
                  {atom{"process_id"}, process_id ? term{*process_id} : undefined},
                  {atom{"limits_off"}, as_term(limits_off)},
                  {atom{"peer_state"},
                   state == peer_state::down ? term{tagged("down", to_reason(reason))} : term{atom{to_string(state)}}},
                  {atom{"phase"}, atom{to_string(x.reached)}},
                  {atom{"seq"}, x.outstanding.next_seq()},
                  {atom{"outstanding"}, erl::map{std::move(outstanding)}}};
}

caf::error change_policies(start_options& options, const term& present, const term& wanted) {
  if (auto err = check_rest(present, wanted, {"options"}))
    return err;
  auto& now = *present.get_if<erl::map>()->find(atom{"options"});
  auto& next = *wanted.get_if<erl::map>()->find(atom{"options"});
  if (auto err = check_rest(now, next, {"peer_down", "shutdown"}))
    return err;
  auto& policies = *next.get_if<erl::map>();
  auto down = to_peer_down(*policies.find(atom{"peer_down"}));
  if (!down)
    return refused("peer_down", *policies.find(atom{"peer_down"}));
  auto shutdown = to_shutdown(*policies.find(atom{"shutdown"}));
  if (!shutdown)
    return refused("shutdown", *policies.find(atom{"shutdown"}));
  auto changed = options;
  changed.peer_down = *down;
  changed.shutdown = *shutdown;
  if (auto err = validate(changed))
    return err;
  options = std::move(changed);
  return {};
}

} // namespace peer::internal::origin
