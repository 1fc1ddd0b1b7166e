// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "sys/commands.hpp"

#include "peer/convert.hpp"
#include "peer/error.hpp"

#include "caf/all.hpp"

#include <exception>
#include <utility>

namespace peer::internal::sys {

namespace {

// -- the message ------------------------------------------------------------------------------------------------------

/// The alias in `[alias | Alias]` or `[[alias | Alias] | _]`, to which an answer goes then. Null if there is none.
const term* alias_of(const term& tag) {
  auto pair = tag.get_if<erl::list>();
  if (pair != nullptr && pair->size() == 1 && (*pair)[0].is<erl::list>())
    pair = (*pair)[0].get_if<erl::list>();
  auto named = pair != nullptr && pair->size() == 1 && (*pair)[0].is_atom("alias");
  return named && pair->tail() != nullptr && pair->tail()->is<erl::reference>() ? pair->tail() : nullptr;
}

// -- errors -----------------------------------------------------------------------------------------------------------

/// `{error, {unknown_system_msg, Request}}`
term unknown(const term& request) {
  return tagged("error", tagged("unknown_system_msg", request));
}

/// The answer of `sys` to a function that fails. Here all fail: only the runtime that made a fun can run it.
term failed_function(const term& f, const sys_callbacks& callbacks) {
  auto is_fun = f.is<erl::opaque>() || f.is<erl::export_fun>();
  auto why = is_fun ? term{atom{"undef"}} : term{tagged("badfun", f)};
  auto callback = erl::tuple{callbacks.system_module(), atom{"system_replace_state"}};
  return tagged("error", tagged("callback_failed", callback, tagged("error", why)));
}

/// An error of a callback, as Erlang code sees it.
term failed_callback(const caf::error& why) {
  auto reason = to_term(why);
  return tagged("error", reason ? std::move(*reason) : term{atom{"unknown"}});
}

// -- commands ---------------------------------------------------------------------------------------------------------

/// `{status, Pid, {module, Module}, [PDict, SysState, Parent, Debug, Misc]}`
term status(sys_state now, sys_callbacks& callbacks, const caf::actor_addr& self) {
  auto details = erl::list{erl::list{}, atom{now == sys_state::suspended ? "suspended" : "running"},
                           callbacks.system_pid(callbacks.system_parent()), erl::list{}, callbacks.system_get_state()};
  return tagged("status", callbacks.system_pid(self), tagged("module", callbacks.system_module()), details);
}

term change_code(const erl::tuple& request, sys_callbacks& callbacks) {
  auto module = request[1].get_if<atom>();
  if (auto err = callbacks.system_code_change(module ? *module : atom{}, request[2], request[3]))
    return failed_callback(err);
  return atom{"ok"};
}

} // namespace

sys_callbacks::~sys_callbacks() = default;

void sys_callbacks::system_suspend(bool) {
  // nop
}

caf::error sys_callbacks::system_code_change(const atom&, const term&, const term&) {
  return {};
}

std::optional<system_message> match_system_message(const term& x) {
  auto message = match_tagged(x, "system", 3);
  auto from = message != nullptr ? (*message)[1].get_if<erl::tuple>() : nullptr;
  if (from == nullptr || from->size() != 2)
    return std::nullopt;
  auto& tag = (*from)[1];
  auto alias = alias_of(tag);
  return system_message{alias != nullptr ? *alias : (*from)[0], tag, (*message)[2]};
}

system_answer do_system_command(sys_state now, const term& request, sys_callbacks& callbacks,
                                const caf::actor_addr& self) {
  if (request.is_atom("suspend"))
    return {atom{"ok"}, sys_state::suspended};
  if (request.is_atom("resume"))
    return {atom{"ok"}, sys_state::running};
  if (request.is_atom("get_state"))
    return {callbacks.system_get_state(), now};
  if (request.is_atom("get_status"))
    return {status(now, callbacks, self), now};
  if (auto replace = match_tagged(request, "replace_state", 2))
    return {failed_function((*replace)[1], callbacks), now};
  if (auto terminate = match_tagged(request, "terminate", 2))
    return {atom{"ok"}, sys_state::terminating, to_exit_error((*terminate)[1])};
  if (auto change = match_tagged(request, "change_code", 4); change != nullptr && now == sys_state::suspended)
    return {change_code(*change, callbacks), now};
  return {unknown(request), now};
}

caf::expected<term> replace_system_state(const state_function& f, sys_callbacks& callbacks) {
  auto next = term{};
  auto thrown = std::string{"an object that is not a std::exception"};
  try {
    next = f.apply(callbacks.system_get_state());
    thrown.clear();
  } catch (const std::exception& x) {
    thrown = x.what();
  } catch (...) {
  }
  if (!thrown.empty())
    return fail(errc::callback_failed, "the function for the new state threw: " + thrown);
  if (auto err = callbacks.system_replace_state(next))
    return err;
  return next;
}

caf::error to_exit_error(const term& reason) {
  if (reason.is_atom("normal"))
    return {};
  if (reason.is_atom("shutdown"))
    return caf::exit_reason::user_shutdown;
  return caf::make_error(errc::terminated, reason);
}

std::optional<term> to_exit_reason(const caf::error& why) {
  if (!why)
    return atom{"normal"};
  if (why == caf::exit_reason::kill)
    return atom{"killed"};
  if (why == caf::exit_reason::user_shutdown)
    return atom{"shutdown"};
  if (why == errc::terminated && why.context().match_elements<term>())
    return why.context().get_as<term>(0);
  return std::nullopt;
}

} // namespace peer::internal::sys
