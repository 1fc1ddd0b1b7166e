// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/session.hpp"

#include "base/caf_compat.hpp"
#include "base/large_memory.hpp"
#include "console/sink.hpp"
#include "node/stdout_flush.hpp"
#include "peer/convert.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"
#include "term/convert/message_elements.hpp"
#include "term/text/print.hpp"

#include "caf/all.hpp"

#include <cstdio>
#include <string>
#include <utility>

namespace peer::internal::node {

namespace {

/// The failure of a cast is reported on the console, as in Erlang.
void report_failed_cast(const invocation& what, const outcome& how) {
  auto reason = load_term<term>(how.result);
  std::fprintf(stderr, "libpeer: cast of %s:%s failed: %s, %s\n", to_string(atom{what.module}).c_str(),
               to_string(atom{what.function}).c_str(), std::string{wire::to_string(how.cls)}.c_str(),
               reason ? text::print_limited(*reason).c_str() : "");
}

call_runner::environment environment_of(const std::shared_ptr<node_state>& node) {
  return {std::shared_ptr<const function_table>{node, &node->functions}, [node] { return node->processes.make_pid(); },
          report_failed_cast, flush_stdout};
}

} // namespace

// -- session ----------------------------------------------------------------------------------------------------------

session::session(loop::event_loop_ptr where, load_limits limits, std::shared_ptr<node_state> node, end_handler on_end)
    : where_(std::move(where)),
      limits_(limits),
      node_(std::move(node)),
      on_end_(std::move(on_end)),
      runner_(
          std::make_shared<call_runner>(where_, limits_, environment_of(node_), [this] { return origin_reads(); })) {}

void session::start(origin_link link) {
  auto connection = connection::make_stream_channel(where_->io(), std::move(link.framing), *this);
  auto unattached = connection.get();
  channel_ = std::move(connection);
  console_ = std::make_unique<console_client>(*channel_, node_->processes.make_pid(), limits_.bytes, link.libpeer);
  if (link.printed)
    console_->forward(where_->io(), std::move(link.printed));
  if (link.secret)
    static_cast<void>(channel_->send(wire::token{*link.secret}));
  static_cast<void>(channel_->send(wire::started{node_->name}));
  unattached->attach(std::move(link.input), std::move(link.output), {});
}

caf::error session::send(const_byte_span to, const_byte_span content) {
  if (origin_reads())
    return channel_->send(wire::message{to, content});
  auto why = "the origin does not read: " + std::to_string(channel_->queued()) + " bytes wait for it";
  complain_once(dropped_messages_reported_, "messages to the origin are dropped: " + why);
  return fail(errc::overload, std::move(why));
}

void session::send_outgoing() {
  for (auto& each : node_->outgoing.take())
    static_cast<void>(send(each.to, each.content)); // its sender does not wait for an answer
}

caf::error session::request(const term& what, console_client::replied done) {
  return console_->request(what, std::move(done));
}

void session::stop(std::function<void()> idle) {
  stopping_ = true;
  console_->abandon();
  runner_->stop(std::move(idle));
}

void session::flush() {
  send_outgoing();
  console_->finish();
  channel_->flush(defaults::flush_timeout);
}

// -- channel::listener ------------------------------------------------------------------------------------------------

void session::on_frame(const_byte_span payload) {
  if (ended_)
    return;
  auto message = parser_.parse_to_peer(payload);
  if (message)
    std::visit([this](auto& x) { on_message(x); }, *message);
  else
    on_closed(std::move(message.error()));
}

void session::on_written() {
  if (!runner_->reconsider())
    return;
  unread_refusals_ = 0;
  dropped_messages_reported_ = false;
}

void session::on_closed(caf::error why) {
  if (!std::exchange(ended_, true))
    on_end_(std::move(why));
}

// -- messages of the origin -------------------------------------------------------------------------------------------

void session::on_message(const wire::call& x) {
  if (stopping_)
    return refuse(x.seq, wire::reply_class::exit, atom{"shutdown"});
  auto found = runner_->find(x.module, x.function, x.arguments);
  if (found == nullptr && origin_reads()) // answered at once: it may be a heartbeat while all threads are busy
    return answer(x.seq, node_->functions.evaluate(nullptr, x.module, x.function, x.arguments, {}));
  auto urgent = begins_at_once(x);
  if (!urgent && !runner_->has_room())
    return refuse(x.seq, wire::reply_class::error, atom{"system_limit"});
  auto id = execute(x, found, urgent, [this, seq = x.seq](const caf::error&, const outcome& how) { answer(seq, how); });
  if (found != nullptr && found->stoppable())
    stoppable_[x.seq] = id;
}

void session::on_message(const wire::cast& x) {
  if (stopping_)
    return;
  auto urgent = begins_at_once(x);
  if (urgent || runner_->has_room()) {
    execute(x, runner_->find(x.module, x.function, x.arguments), urgent, {});
    return;
  }
  complain_once(dropped_casts_reported_, "cast of " + to_string(atom{x.module}) + ":" + to_string(atom{x.function})
                                             + " failed: error, system_limit; " + std::to_string(runner_->waiting())
                                             + " calls and casts wait, and casts are dropped until there is room");
}

void session::on_message(const wire::message& x) {
  auto to = load_term<term>(x.to);
  if (!to)
    return;
  if (is_cancellation(*to))
    return cancel(x.content);
  if (auto whom = node_->processes.find(*to)) {
    if (auto content = convert::load_message(x.content))
      base::send_anonymous(whom, std::move(*content));
  } else { // no such process: Erlang drops the message, too
    ++undelivered_;
    CAF_LOG_DEBUG("node-message-dropped" << CAF_ARG2("to", text::print_limited(*to))
                                         << CAF_ARG2("so-far", undelivered_));
  }
}

void session::on_message(const wire::io_reply& x) {
  console_->on_reply(x);
}

void session::on_message(const wire::undecodable& x) {
  if (x.seq)
    refuse(*x.seq, wire::reply_class::error, tagged("bad_term", text_of(x.why)));
  else
    console::complain(where_, "a message from the origin was dropped: " + text_of(x.why));
}

bool session::is_cancellation(const term& to) const {
  auto pair = to.get_if<erl::tuple>();
  return pair != nullptr && (*pair)[0] == atom{wire::calls_name} && (*pair)[1] == node_->name;
}

void session::cancel(const_byte_span seq) {
  auto number = load_term<std::uint64_t>(seq);
  auto found = number ? stoppable_.find(*number) : stoppable_.end();
  if (found != stoppable_.end())
    runner_->cancel(found->second);
}

// -- calls ------------------------------------------------------------------------------------------------------------

template <class Call>
call_runner::call_id session::execute(const Call& x, const detail::function* found, bool urgent,
                                      call_runner::answered done) {
  auto what = invocation{found, std::string{x.module}, std::string{x.function}, base::copy_of(x.arguments)};
  if (urgent) {
    end_asked_ = true;
    return runner_->run_at_once(std::move(what), std::move(done));
  }
  if (runner_->waiting() == 0)
    dropped_casts_reported_ = false;
  return runner_->run(std::move(what), std::move(done));
}

/// A call that ends the node begins at once, even if the origin does not read.
template <class Call>
bool session::begins_at_once(const Call& x) const {
  return !end_asked_
      && ((x.module == "init" && x.function == "stop") || (x.module == "erlang" && x.function == "halt"));
}

/// Whether the origin keeps up with what is sent to it.
bool session::origin_reads() const {
  return channel_->queued() <= limits_.bytes;
}

void session::complain_once(bool& complained, std::string_view text) {
  if (!std::exchange(complained, true))
    console::complain(where_, text);
}

/// Answers a call that did not run, or has no result.
void session::refuse(std::uint64_t seq, wire::reply_class cls, const term& reason) {
  auto result = byte_buffer{};
  static_cast<void>(save_term(result, erl::tuple{reason, erl::list{}}));
  static_cast<void>(channel_->send(wire::reply{seq, cls, result}));
  if (!origin_reads() && ++unread_refusals_ > limits_.jobs)
    on_closed(fail(errc::protocol_violation, "the origin calls and does not read"));
}

void session::answer(std::uint64_t seq, const outcome& how) {
  send_outgoing();      // what the function sent precedes its result,
  console_->catch_up(); // and so does its output
  stoppable_.erase(seq);
  if (auto err = channel_->send(wire::reply{seq, how.cls, how.result}))
    refuse(seq, wire::reply_class::error, tagged("bad_return_value", text_of(err)));
}

} // namespace peer::internal::node
