// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/control/handle.hpp"

#include "peer/control/control.hpp"
#include "peer/loop/loop.hpp"

#include "caf/all.hpp"

#include <utility>

namespace peer {

namespace {

/// CAF's errors for a receiver that is gone become ours.
caf::error translate(caf::error err) {
  if (err == caf::sec::request_receiver_down)
    return caf::make_error(errc::noproc, std::string{"the peer's control actor has exited"});
  return err;
}

/// Sends a request to the control actor and waits for the answer, which it always gives.
template <class Result, class... Ts>
caf::expected<Result> ask(caf::actor_system& sys, const control_actor& control, Ts&&... xs) {
  auto result = caf::expected<Result>{caf::error{}};
  auto self = caf::scoped_actor{sys};
  self->request(control, caf::infinite, std::forward<Ts>(xs)...)
      .receive([&](Result& value) { result = std::move(value); },
               [&](caf::error& err) { result = translate(std::move(err)); });
  return result;
}

caf::expected<handle> start_with_parent(caf::actor_system& sys, start_options options, caf::strong_actor_ptr parent) {
  if (auto err = validate(options))
    return err;
  auto waits = std::holds_alternative<caf::timespan>(options.wait_boot);
  auto known = options.host.empty() ? atom{} : atom{options.name + "@" + options.host};
  auto where = loop::of(sys);
  auto control = spawn_control(sys, where, process_launcher(where), std::move(options), std::move(parent));
  if (!waits)
    return handle{sys, std::move(control), std::move(known)};
  auto node = ask<atom>(sys, control, await_boot_atom_v);
  if (!node)
    return std::move(node.error());
  return handle{sys, std::move(control), std::move(*node)};
}

} // namespace

handle handle::within(caf::timespan timeout) const {
  auto result = *this;
  result.timeout_ = timeout;
  return result;
}

caf::expected<term> handle::apply(std::string_view module, std::string_view function,
                                  const std::vector<term>& xs) const {
  auto arguments = byte_buffer{};
  if (auto err = save_term(arguments, term{list{xs}}))
    return err;
  auto result = request_call(module, function, std::move(arguments));
  if (!result)
    return std::move(result.error());
  return result->as<term>();
}

caf::error handle::apply_cast(std::string_view module, std::string_view function, const std::vector<term>& xs) const {
  auto arguments = byte_buffer{};
  if (auto err = save_term(arguments, term{list{xs}}))
    return err;
  return start_cast(module, function, std::move(arguments));
}

caf::expected<void> handle::await_ready(caf::timespan timeout) const {
  auto result = caf::expected<void>{};
  auto self = caf::scoped_actor{*sys_};
  self->request(control_, timeout, await_ready_atom_v)
      .receive([] {},
               [&](caf::error& err) {
                 result = err == caf::sec::request_timeout
                            ? caf::make_error(errc::timeout, "the peer did not say within "
                                                                 + caf::deep_to_string(timeout) + " that it is ready")
                            : translate(std::move(err));
               });
  return result;
}

caf::expected<peer_status> handle::get_state() const {
  return ask<peer_status>(*sys_, control_, get_state_atom_v);
}

caf::expected<term> handle::state() const {
  return ask<term>(*sys_, control_, sys_get_state_atom_v);
}

caf::expected<pid> handle::expose(const caf::actor& whom) const {
  auto result = ask<term>(*sys_, control_, expose_atom_v, whom);
  if (!result)
    return std::move(result.error());
  return *result->get_if<pid>();
}

caf::expected<stop_report> handle::stop() const {
  return ask<stop_report>(*sys_, control_, stop_atom_v);
}

caf::expected<stop_report> handle::kill() const {
  return ask<stop_report>(*sys_, control_, kill_atom_v);
}

caf::expected<encoded_term> handle::request_call(std::string_view module, std::string_view function,
                                                 byte_buffer arguments) const {
  return ask<encoded_term>(*sys_, control_,
                           call_request{std::string{module}, std::string{function}, std::move(arguments), timeout_});
}

caf::error handle::start_cast(std::string_view module, std::string_view function, byte_buffer arguments) const {
  caf::anon_send(control_, cast_request{std::string{module}, std::string{function}, std::move(arguments)});
  return {};
}

caf::error handle::start_send(const term& to, byte_buffer content) const {
  if (!to.is<pid>() && !to.is<atom>())
    return caf::make_error(errc::bad_term, std::string{"a message can be sent to a pid or to a registered name only"});
  caf::anon_send(control_, send_request{to, std::move(content)});
  return {};
}

caf::expected<handle> start(caf::actor_system& sys, start_options options) {
  return start_with_parent(sys, std::move(options), nullptr);
}

caf::expected<handle> start_link(caf::local_actor* parent, start_options options) {
  return start_with_parent(parent->system(), std::move(options), caf::strong_actor_ptr{parent->ctrl()});
}

} // namespace peer
