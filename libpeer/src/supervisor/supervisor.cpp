// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/supervisor.hpp"

#include "origin/ask.hpp"
#include "origin/cast_window.hpp"
#include "supervisor/child_actor.hpp"
#include "supervisor/supervisor_actor.hpp"
#include "supervisor/tree_context.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peer {

namespace {

constexpr auto the_child = "the child";
constexpr auto the_supervisor = "the supervisor";

template <class T>
caf::error error_of(const caf::expected<T>& x) {
  return x ? caf::error{} : x.error();
}

caf::expected<supervisor_actor> spawn_with_parent(caf::actor_system& sys, supervisor_spec spec,
                                                  const std::vector<caf::actor>& subscribers,
                                                  caf::strong_actor_ptr parent) {
  if (auto err = validate(spec))
    return err;
  auto where = internal::loop::event_loop::of(sys);
  if (!where)
    return std::move(where.error());
  auto tree = std::make_shared<internal::supervisor::tree_context>(*where, internal::origin::process_launcher(*where));
  for (auto& each : subscribers)
    tree->subscribers.insert(each->address()); // before anything happens
  return internal::supervisor::spawn_supervisor(sys, std::move(tree), std::move(spec), {}, std::move(parent));
}

caf::expected<supervisor> await_boot(caf::actor_system& sys, caf::expected<supervisor_actor> spawned) {
  if (!spawned)
    return std::move(spawned.error());
  auto booted = internal::origin::ask<void>(sys, *spawned, the_supervisor, await_boot_atom_v);
  if (booted)
    return supervisor{sys, std::move(*spawned)};
  if (booted.error() != errc::noproc)
    return std::move(booted.error());
  auto end = internal::origin::exit_reason_of(sys, *spawned); // the boot may have failed before the request arrived
  return end == errc::failed_to_start_child ? end : std::move(booted.error());
}

} // namespace

// -- child_handle -----------------------------------------------------------------------------------------------------

child_handle::child_handle(caf::actor_system& sys, child_actor actor)
    : sys_(&sys), actor_(std::move(actor)), window_(internal::supervisor::window_of(actor_)) {
  // nop
}

child_handle child_handle::within(caf::timespan timeout) const {
  auto result = *this;
  result.timeout_ = timeout;
  return result;
}

child_handle child_handle::waiting(caf::timespan bound) const {
  auto result = *this;
  result.wait_ = bound;
  return result;
}

child_handle child_handle::only(std::uint64_t generation) const {
  auto result = *this;
  result.generation_ = generation;
  return result;
}

caf::expected<child_info> child_handle::info() const {
  return internal::origin::ask<child_info>(*sys_, actor_, the_child, get_state_atom_v);
}

caf::expected<encoded_term> child_handle::request_call(std::string_view module, std::string_view function,
                                                       byte_buffer arguments) const {
  auto call = call_request{std::string{module}, std::string{function}, std::move(arguments), timeout_};
  return internal::origin::ask<encoded_term>(*sys_, actor_, the_child,
                                             patient_call{std::move(call), wait_, generation_});
}

void child_handle::start_cast(std::string_view module, std::string_view function, byte_buffer arguments) const {
  auto size = arguments.size();
  window_->send(*sys_, actor_, cast_request{std::string{module}, std::string{function}, std::move(arguments)}, size,
                timeout_);
}

void child_handle::start_send(term to, byte_buffer content) const {
  auto size = content.size();
  window_->send(*sys_, actor_, send_request{std::move(to), std::move(content)}, size, timeout_);
}

// -- supervisor -------------------------------------------------------------------------------------------------------

caf::expected<child_handle> supervisor::child(std::string_view path) const {
  auto found = internal::origin::ask<child_info>(*sys_, actor_, the_supervisor, find_child_atom_v, std::string{path});
  if (!found)
    return std::move(found.error());
  return child_handle{*sys_, caf::actor_cast<child_actor>(found->handle)};
}

caf::expected<supervisor> supervisor::at(std::string_view path) const {
  auto found =
      internal::origin::ask<caf::actor>(*sys_, actor_, the_supervisor, find_supervisor_atom_v, std::string{path});
  if (!found)
    return std::move(found.error());
  return supervisor{*sys_, caf::actor_cast<supervisor_actor>(*found)};
}

caf::expected<child_info> supervisor::start_child(child_spec spec) const {
  return internal::origin::ask<child_info>(*sys_, actor_, the_supervisor, start_child_atom_v, std::move(spec));
}

caf::expected<child_info> supervisor::start_child(std::vector<term> arguments) const {
  return internal::origin::ask<child_info>(*sys_, actor_, the_supervisor, start_child_atom_v, std::move(arguments));
}

caf::error supervisor::terminate_child(std::string_view id) const {
  return error_of(internal::origin::ask<void>(*sys_, actor_, the_supervisor, terminate_child_atom_v, std::string{id}));
}

caf::expected<child_info> supervisor::restart_child(std::string_view id) const {
  return internal::origin::ask<child_info>(*sys_, actor_, the_supervisor, restart_child_atom_v, std::string{id});
}

caf::error supervisor::delete_child(std::string_view id) const {
  return error_of(internal::origin::ask<void>(*sys_, actor_, the_supervisor, delete_child_atom_v, std::string{id}));
}

caf::expected<std::vector<child_info>> supervisor::which_children() const {
  return internal::origin::ask<std::vector<child_info>>(*sys_, actor_, the_supervisor, which_children_atom_v);
}

caf::expected<child_counts> supervisor::count_children() const {
  return internal::origin::ask<child_counts>(*sys_, actor_, the_supervisor, count_children_atom_v);
}

caf::expected<child_spec> supervisor::get_childspec(std::string_view id) const {
  return internal::origin::ask<child_spec>(*sys_, actor_, the_supervisor, get_childspec_atom_v, std::string{id});
}

caf::error supervisor::apply(supervisor_spec spec) const {
  return error_of(internal::origin::ask<void>(*sys_, actor_, the_supervisor, apply_atom_v, std::move(spec)));
}

caf::error supervisor::subscribe(const caf::actor& whom) const {
  return error_of(internal::origin::ask<void>(*sys_, actor_, the_supervisor, subscribe_atom_v, whom));
}

caf::error supervisor::unsubscribe(const caf::actor& whom) const {
  return error_of(internal::origin::ask<void>(*sys_, actor_, the_supervisor, unsubscribe_atom_v, whom));
}

caf::error supervisor::stop() const {
  return error_of(internal::origin::ask<void>(*sys_, actor_, the_supervisor, stop_atom_v));
}

// -- start ------------------------------------------------------------------------------------------------------------

caf::expected<supervisor> start_supervisor(caf::actor_system& sys, supervisor_spec spec,
                                           const std::vector<caf::actor>& subscribers) {
  if (auto err = internal::origin::check_may_block())
    return err;
  return await_boot(sys, spawn_supervisor(sys, std::move(spec), subscribers));
}

caf::expected<supervisor> start_supervisor_link(caf::local_actor* parent, supervisor_spec spec,
                                                const std::vector<caf::actor>& subscribers) {
  if (auto err = internal::origin::check_may_block())
    return err;
  return await_boot(parent->system(), spawn_supervisor_link(parent, std::move(spec), subscribers));
}

caf::expected<supervisor_actor> spawn_supervisor(caf::actor_system& sys, supervisor_spec spec,
                                                 const std::vector<caf::actor>& subscribers) {
  return spawn_with_parent(sys, std::move(spec), subscribers, nullptr);
}

caf::expected<supervisor_actor> spawn_supervisor_link(caf::local_actor* parent, supervisor_spec spec,
                                                      const std::vector<caf::actor>& subscribers) {
  return spawn_with_parent(parent->system(), std::move(spec), subscribers, caf::strong_actor_ptr{parent->ctrl()});
}

} // namespace peer
