// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/outbox.hpp"

#include "base/utf8.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "term/text/print.hpp"
#include "wire/message.hpp"

#include "caf/all.hpp"

#include <string>
#include <utility>

namespace peer::internal::origin {

caf::error outbox::check_room(const connection::channel& to) const {
  auto waiting = to.queued() + early_bytes_;
  if (waiting <= limit_)
    return {};
  return fail(errc::overload, "the peer does not read: " + std::to_string(waiting) + " bytes wait for it");
}

caf::error outbox::check_that_it_reads(const connection::channel& to) const {
  auto waiting = to.queued();
  if (waiting <= 2 * limit_ + wire::default_max_frame)
    return {};
  return fail(errc::protocol_violation,
              "the peer asks and does not read: " + std::to_string(waiting) + " bytes wait for it");
}

caf::error outbox::send(connection::channel& to, const cast_request& request) {
  if (auto err = check_room(to))
    return err;
  return to.send(wire::cast{request.module, request.function, request.arguments});
}

caf::error outbox::send(connection::channel& to, send_request request) {
  if (!request.to.is<pid>() && !request.to.is<atom>())
    return fail(errc::bad_term, "cannot send to " + text::print_limited(request.to)
                                    + ": the receiver of a message is a pid or a registered name");
  if (auto err = check_room(to))
    return err;
  if (!node_.name().empty())
    return deliver(to, request);
  early_bytes_ += sizeof(request) + request.content.size();
  early_.push_back(std::move(request));
  return {};
}

void outbox::open(connection::channel& to, const atom& node) {
  node_ = node;
  early_bytes_ = 0;
  for (auto& request : std::exchange(early_, {}))
    static_cast<void>(deliver(to, request));
}

void outbox::cancel(connection::channel& to, std::uint64_t seq) const {
  auto receiver = byte_buffer{};
  auto content = byte_buffer{};
  if (node_.name().empty() || save_term(receiver, term{erl::tuple{atom{wire::calls_name}, node_}})
      || save_term(content, seq))
    return;
  static_cast<void>(to.send(wire::message{receiver, content}));
}

/// Erlang's `Name ! Message` raises if no process has the name, in the process that runs the peer's channel, and the
/// node halts. `{Name, Node} ! Message` does not; it needs the node's name, for which early messages wait.
caf::error outbox::deliver(connection::channel& to, const send_request& request) const {
  auto receiver = byte_buffer{};
  auto name = request.to.get_if<atom>();
  if (auto err = save_term(receiver, name ? term{erl::tuple{*name, node_}} : request.to))
    return err;
  return to.send(wire::message{receiver, request.content});
}

caf::error check_names(const std::string& module, const std::string& function) {
  if (base::valid_atom(module) && base::valid_atom(function))
    return {};
  return fail(errc::bad_term, "module and function names must be valid UTF-8 of at most 255 characters: "
                                  + to_string(atom{module}) + ":" + to_string(atom{function}));
}

} // namespace peer::internal::origin
