// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "badarg.hpp"
#include "functions.hpp"
#include "peer/term.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <limits>
#include <mutex>
#include <stop_token>

namespace peer_node {

using peer::atom;
using peer::call_context;
using peer::exception_class;
using peer::raised;
using peer::term;

namespace {

[[noreturn]] void raise(exception_class cls, term reason) {
  throw raised{cls, std::move(reason)};
}

// -- erlang -----------------------------------------------------------------------------------------------------------

term send(peer::node& node, const term& to, term message) {
  if (auto* process = to.get_if<peer::pid>()) {
    if (node.send(*process, message))
      badarg();
    return message;
  }
  auto* name = to.get_if<atom>();
  if (!name || !node.whereis(name->name()) || node.send(name->name(), message))
    badarg();
  return message;
}

term whereis(const peer::node& node, const atom& name) {
  auto result = node.whereis(name.name());
  return result ? term{*result} : term{atom{"undefined"}};
}

// -- os ---------------------------------------------------------------------------------------------------------------

term getenv(const std::string& name) {
  if (name.find('\0') != std::string::npos)
    badarg();
  auto value = std::getenv(name.c_str());
  return value ? peer::to_charlist(value) : term{false};
}

// -- timer ------------------------------------------------------------------------------------------------------------

/// Sleeps until the time has passed or the call is cancelled.
void sleep(const std::stop_token& stop, const term& time) {
  auto* milliseconds = time.get_if<std::int64_t>();
  auto forever = time.is_atom("infinity");
  if (!forever && (!milliseconds || *milliseconds < 0 || *milliseconds > std::numeric_limits<std::uint32_t>::max()))
    raise(exception_class::error_, atom{"timeout_value"});
  auto mutex = std::mutex{};
  auto woken = std::condition_variable_any{};
  auto lock = std::unique_lock{mutex};
  auto never = [] { return false; };
  if (forever)
    woken.wait(lock, stop, never);
  else
    woken.wait_for(lock, stop, std::chrono::milliseconds{*milliseconds}, never);
}

// -- lists ------------------------------------------------------------------------------------------------------------

term reverse(const std::vector<term>& elements, term tail) {
  return peer::erl::list::cons({elements.rbegin(), elements.rend()}, std::move(tail));
}

} // namespace

void add_system_functions(peer::node& node) {
  node.function("erlang", "self", [](const call_context& context) { return context.self; })
      .function("erlang", "throw", [](const term& reason) { raise(exception_class::throw_, reason); })
      .function("erlang", "error", [](const term& reason) { raise(exception_class::error_, reason); })
      .function("erlang", "exit", [](const term& reason) { raise(exception_class::exit_, reason); })
      .function("erlang", "send", [&node](const term& to, term message) { return send(node, to, std::move(message)); })
      .function("erlang", "apply",
                [&node](const call_context& context, const atom& module, const atom& function,
                        const std::vector<term>& args) { return node.apply(module, function, args, context); })
      .function("erlang", "whereis", [&node](const atom& name) { return whereis(node, name); })
      .function("os", "getenv", getenv)
      .function("timer", "sleep", sleep)
      .function("lists", "reverse", [](const std::vector<term>& elements) { return reverse(elements, {}); })
      .function("lists", "reverse", reverse);
}

} // namespace peer_node
