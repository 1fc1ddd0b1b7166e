// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/handle.hpp"

#include "base/caf_compat.hpp"
#include "loop/event_loop.hpp"
#include "origin/ask.hpp"
#include "origin/cast_window.hpp"
#include "origin/command_line.hpp"
#include "origin/control.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peer {

namespace {

constexpr auto the_control_actor = "the peer's control actor";

caf::expected<control_actor> spawn_with_parent(caf::actor_system& sys, start_options options,
                                               caf::strong_actor_ptr parent) {
  if (auto err = validate(options))
    return err;
  auto where = internal::loop::event_loop::of(sys);
  if (!where)
    return std::move(where.error());
  return internal::origin::spawn_control(sys, *where, internal::origin::process_launcher(*where), std::move(options),
                                         std::move(parent));
}

caf::expected<handle> start_with_parent(caf::actor_system& sys, start_options options, caf::strong_actor_ptr parent) {
  auto waits = std::holds_alternative<caf::timespan>(options.wait_boot);
  if (auto err = waits ? internal::origin::check_may_block() : caf::error{})
    return err;
  auto known = internal::origin::name_before_boot(options);
  auto control = spawn_with_parent(sys, std::move(options), std::move(parent));
  if (!control)
    return std::move(control.error());
  if (!waits)
    return handle{sys, std::move(*control), std::move(known)};
  auto booted = internal::origin::ask<peer_status>(sys, *control, the_control_actor, await_boot_atom_v);
  if (!booted)
    return std::move(booted.error());
  return handle{sys, std::move(*control), std::move(booted->node)};
}

} // namespace

handle::handle(caf::actor_system& sys, control_actor control, atom node)
    : sys_(&sys),
      control_(std::move(control)),
      node_(std::move(node)),
      window_(std::make_shared<internal::origin::cast_window>()) {
  // nop
}

handle handle::within(caf::timespan timeout) const {
  auto result = *this;
  result.timeout_ = timeout;
  return result;
}

caf::expected<void> handle::await_ready(caf::timespan timeout) const {
  if (auto err = internal::origin::check_may_block())
    return err;
  auto result = caf::expected<void>{};
  auto self = caf::scoped_actor{*sys_};
  internal::base::request_from(self, control_, timeout, await_ready_atom_v)
      .receive([] {},
               [&](caf::error& err) {
                 result = err == caf::sec::request_timeout
                            ? fail(errc::timeout, "the peer was not ready within " + caf::deep_to_string(timeout))
                            : from_request(std::move(err), the_control_actor);
               });
  return result;
}

caf::expected<peer_status> handle::get_state() const {
  return internal::origin::ask<peer_status>(*sys_, control_, the_control_actor, get_state_atom_v);
}

caf::expected<term> handle::state() const {
  return internal::origin::ask<term>(*sys_, control_, the_control_actor, sys_get_state_atom_v);
}

caf::expected<pid> handle::expose(const caf::actor& whom) const {
  auto result = internal::origin::ask<term>(*sys_, control_, the_control_actor, expose_atom_v, whom);
  if (!result)
    return std::move(result.error());
  return *result->get_if<pid>();
}

caf::error handle::unexpose(const caf::actor& whom) const {
  auto done = internal::origin::ask<void>(*sys_, control_, the_control_actor, unexpose_atom_v, whom);
  return done ? caf::error{} : std::move(done.error());
}

caf::expected<stop_report> handle::stop() const {
  return internal::origin::ask<stop_report>(*sys_, control_, the_control_actor, stop_atom_v);
}

caf::expected<stop_report> handle::kill() const {
  return internal::origin::ask<stop_report>(*sys_, control_, the_control_actor, kill_atom_v);
}

caf::expected<encoded_term> handle::request_call(std::string_view module, std::string_view function,
                                                 byte_buffer arguments) const {
  return internal::origin::ask<encoded_term>(
      *sys_, control_, the_control_actor,
      call_request{std::string{module}, std::string{function}, std::move(arguments), timeout_});
}

void handle::start_cast(std::string_view module, std::string_view function, byte_buffer arguments) const {
  auto size = arguments.size();
  window_->send(*sys_, control_, cast_request{std::string{module}, std::string{function}, std::move(arguments)}, size,
                timeout_);
}

void handle::start_send(term to, byte_buffer content) const {
  auto size = content.size();
  window_->send(*sys_, control_, send_request{std::move(to), std::move(content)}, size, timeout_);
}

caf::expected<handle> start(caf::actor_system& sys, start_options options) {
  return start_with_parent(sys, std::move(options), nullptr);
}

caf::expected<handle> start_link(caf::local_actor* parent, start_options options) {
  return start_with_parent(parent->system(), std::move(options), caf::strong_actor_ptr{parent->ctrl()});
}

caf::expected<control_actor> spawn(caf::actor_system& sys, start_options options) {
  return spawn_with_parent(sys, std::move(options), nullptr);
}

} // namespace peer
