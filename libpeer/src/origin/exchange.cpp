// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/exchange.hpp"

#include "base/caf_compat.hpp"
#include "base/large_memory.hpp"
#include "origin/command_line.hpp"
#include "origin/end_error.hpp"
#include "peer/convert.hpp"
#include "peer/error.hpp"
#include "term/convert/message_elements.hpp"

#include "caf/all.hpp"

#include <utility>
#include <variant>

namespace peer::internal::origin {

namespace {

caf::error no_connection() {
  return peer::fail(errc::noconnection, "there is no connection to the peer");
}

} // namespace

exchange::exchange(caf::scheduled_actor& self, const start_options& options, const lifecycle& life,
                   console::group_leader& leader, metrics& meter, owner& whom)
    : peer_name_(display_name(options)),
      life_(life),
      leader_(leader),
      metrics_(meter),
      owner_(whom),
      calls_(options.max_calls, describe_peer(options)),
      call_alarm_(self, [this] { expire_calls(); }),
      outbox_(options.queue_limit) {
  // nop
}

// -- the connection ---------------------------------------------------------------------------------------------------

void exchange::name_node(const atom& node) {
  outbox_.open(*channel_, node);
}

void exchange::close(const caf::error& why) {
  call_alarm_.cancel();
  count_traffic();
  metrics_.drop_queue();
  calls_.fail_all(why, std::exchange(channel_, nullptr));
}

// -- requests ---------------------------------------------------------------------------------------------------------

void exchange::call(call_request& request, caf::typed_response_promise<encoded_term> caller) {
  auto refused = check_call(request);
  auto waiter =
      pending_call{atom{std::move(request.module)}, atom{std::move(request.function)}, std::move(caller), metrics_};
  if (refused)
    return waiter.refuse(std::move(refused));
  calls_.send(*channel_, std::move(waiter), request.arguments, call_alarm_.now(), request.timeout);
  call_alarm_.set_if_earlier(calls_.next_check());
  detail::keep_memory(std::move(request.arguments));
  count_traffic();
}

caf::error exchange::check_call(const call_request& request) const {
  if (auto err = check_names(request.module, request.function))
    return err;
  if (!connected())
    return no_connection();
  auto overload = outbox_.check_room(*channel_);
  return overload ? overload : calls_.check_room();
}

caf::error exchange::cast(const cast_request& request) {
  if (auto err = check_names(request.module, request.function))
    return err;
  if (!connected())
    return {};
  auto failed = outbox_.send(*channel_, request);
  count_traffic();
  return failed;
}

caf::error exchange::send(send_request request) {
  if (!connected())
    return {};
  auto failed = outbox_.send(*channel_, std::move(request));
  count_traffic();
  return failed;
}

void exchange::evaluate(const atom& module, const atom& function, const term& arguments, console::evaluated then) {
  auto encoded = byte_buffer{};
  auto failed = connected() ? save_term(encoded, arguments) : no_connection();
  if (failed)
    return then(std::move(failed));
  calls_.send(*channel_, {module, function, std::move(then)}, encoded, call_alarm_.now(), caf::infinite);
  check_that_it_reads();
}

void exchange::answer(const wire::io_reply& reply) {
  if (!connected())
    return;
  static_cast<void>(channel_->send(reply));
  check_that_it_reads();
}

void exchange::send_term(const term& to, const term& content) {
  auto receiver = byte_buffer{};
  auto encoded = byte_buffer{};
  if (!connected() || save_term(receiver, to) || save_term(encoded, content))
    return;
  static_cast<void>(channel_->send(wire::message{receiver, encoded}));
}

void exchange::note_dropped([[maybe_unused]] const caf::error& why) {
  ++dropped_;
  CAF_LOG_DEBUG("peer-message-dropped" << CAF_ARG2("peer", peer_name_) << CAF_ARG2("why", text_of(why))
                                       << CAF_ARG2("so-far", dropped_));
}

void exchange::expire_calls() {
  for (auto seq : calls_.expire(call_alarm_.now()))
    if (connected())
      outbox_.cancel(*channel_, seq);
  call_alarm_.set_if_earlier(calls_.next_check());
}

void exchange::check_that_it_reads() {
  if (auto err = outbox_.check_that_it_reads(*channel_))
    owner_.on_violation(std::move(err));
}

// -- input ------------------------------------------------------------------------------------------------------------

void exchange::on_frame(const_byte_span payload) {
  if (life_.stream_ended())
    return;
  auto message = parser_.parse_to_origin(payload);
  if (message)
    std::visit([this](auto& x) { on_message(x); }, *message);
  else
    owner_.on_violation(std::move(message.error()));
}

bool exchange::check_lost_frames() {
  return channel_ != nullptr && calls_.check_lost_frames(*channel_);
}

void exchange::fail_doubtful() {
  if (connected())
    calls_.fail_doubtful();
}

void exchange::drain() {
  if (connected())
    channel_->drain();
}

// -- messages of the peer ---------------------------------------------------------------------------------------------

void exchange::on_message(const wire::started& x) {
  owner_.on_started(x.node);
}

void exchange::on_message(const wire::reply& x) {
  calls_.answer(x, call_alarm_.now());
}

void exchange::on_message(const wire::undecodable& x) {
  if (x.seq)
    calls_.fail(*x.seq, x.why);
  else
    note_dropped(x.why);
}

void exchange::on_message(const wire::message& x) {
  auto to = load_term<pid>(x.to);
  auto whom = to ? exposed_.find(*to) : nullptr;
  if (!whom) // Erlang drops the message, too
    note_dropped(peer::fail(errc::noproc, "no actor has that pid"));
  else if (auto content = convert::load_message(x.content))
    base::send_anonymous(whom, std::move(*content));
}

void exchange::on_message(const wire::io_request& x) {
  if (auto err = leader_.serve(x))
    owner_.on_violation(std::move(err));
}

// -- properties -------------------------------------------------------------------------------------------------------

pulse::traffic exchange::traffic() const {
  return {channel_->received(), channel_->written(), channel_->position()};
}

void exchange::count_traffic() {
  if (channel_ != nullptr)
    metrics_.traffic(*channel_);
}

} // namespace peer::internal::origin
