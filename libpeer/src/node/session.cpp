// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/session.hpp"
#include "term/convert/message_elements.hpp"

#include "base/caf_compat.hpp"
#include "base/large_memory.hpp"
#include "peer/convert.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"
#include "peer/term.hpp"

#include "caf/all.hpp"

#include <cstdio>
#include <string>
#include <utility>

namespace peer::internal::node {

// -- calls ------------------------------------------------------------------------------------------------------------

/// A call or cast on its way through a thread that runs it.
class session::call_job final : public loop::loop::job {
public:
  /// @param call what the origin wants; `found` is what that means, null if it is nothing
  template <class Call>
  call_job(const std::shared_ptr<session>& owner, std::optional<std::uint64_t> seq, const Call& call,
           const detail::function* found, std::stop_token stop)
      : owner_(owner),
        node_(owner->node_),
        seq_(seq),
        found_(found),
        module_(call.module),
        function_(call.function),
        arguments_(base::copy_of(call.arguments)),
        stop_(std::move(stop)),
        held_(owner->held_),
        number_(owner->jobs_.next_number()) {}

  call_job(call_job&&) = default;

  ~call_job() override {
    detail::keep_memory(std::move(arguments_));
    detail::keep_memory(std::move(outcome_.result));
  }

  /// Runs whatever the origin does.
  void make_urgent() noexcept { held_ = nullptr; }

  void run() noexcept override {
    skipped_ = held_ && *held_;
    if (skipped_)
      return;
    auto context = call_context{node_->processes.make_pid(), stop_};
    outcome_ = node_->functions.evaluate(found_, module_, function_, arguments_, context);
    if (!seq_ && outcome_.cls != wire::reply_class::ok)
      complain();
  }

  void finish() override {
    auto owner = owner_.lock();
    if (!owner)
      return;
    if (skipped_) {
      owner->note_whether_origin_reads();
      auto bytes = arguments_.size();
      auto number = number_;
      owner->jobs_.put_back(std::make_unique<call_job>(std::move(*this)), bytes, number);
      return owner->end_if_idle();
    }
    owner->answer(seq_, outcome_);
    owner->jobs_.finished();
  }

private:
  /// Nobody waits for a cast's end: as in Erlang, its failure is told on the console.
  void complain() const {
    auto reason = load_term<term>(outcome_.result);
    std::fprintf(stderr, "libpeer: cast of %s:%s failed: %s, %s\n", to_string(atom{module_}).c_str(),
                 to_string(atom{function_}).c_str(), std::string{wire::to_string(outcome_.cls)}.c_str(),
                 reason ? to_string(*reason).c_str() : "");
  }

  std::weak_ptr<session> owner_;
  std::shared_ptr<node_state> node_;
  std::optional<std::uint64_t> seq_; ///< nothing for a cast
  const detail::function* found_;    ///< in the table, which does not change
  std::string module_;
  std::string function_;
  byte_buffer arguments_;
  std::stop_token stop_;
  std::shared_ptr<const std::atomic<bool>> held_; ///< null if it is urgent
  std::uint64_t number_;                          ///< in the queue
  bool skipped_ = false;
  outcome outcome_;
};

// -- session ----------------------------------------------------------------------------------------------------------

session::session(loop::loop_ptr where, load_limits limits, std::shared_ptr<node_state> node, end_handler on_end)
    : where_(std::move(where)),
      limits_(limits),
      node_(std::move(node)),
      on_end_(std::move(on_end)),
      jobs_(where_, limits_, [this] { return origin_reads(); }),
      held_(std::make_shared<std::atomic<bool>>(false)) {}

void session::start(origin_link link) {
  auto connection = connection::make_stream_channel(where_->io(), std::move(link.framing), *this);
  auto unattached = connection.get();
  channel_ = std::move(connection);
  console_ = std::make_unique<console_client>(*channel_, node_->processes.make_pid(), limits_.bytes);
  auto forwards = static_cast<bool>(link.printed);
  if (forwards)
    console_->forward(where_->io(), std::move(link.printed));
  if (link.secret)
    static_cast<void>(channel_->send(wire::token{*link.secret}));
  if (forwards)
    console_->ask_for_bytes();
  static_cast<void>(channel_->send(wire::started{node_->name}));
  unattached->attach(std::move(link.input), std::move(link.output), {});
}

caf::error session::send(const_byte_span to, const_byte_span content) {
  if (origin_reads())
    return channel_->send(wire::message{to, content});
  auto why = "the origin does not read: " + std::to_string(channel_->queued()) + " bytes wait for it";
  complain_once(told_of_messages_, "libpeer: messages to the origin are dropped: " + why + "\n");
  return caf::make_error(errc::overload, std::move(why));
}

caf::error session::request(const term& what, console_client::replied done) {
  return console_->request(what, std::move(done));
}

void session::stop(std::function<void()> idle) {
  stopping_ = true;
  console_->abandon();
  request_stop(stop_all_);
  for (auto& [seq, source] : stoppable_)
    request_stop(source);
  idle_ = std::move(idle);
  end_if_idle();
}

void session::flush() {
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
  note_whether_origin_reads();
  if (*held_)
    return;
  unread_refusals_ = 0;
  told_of_messages_ = false;
  jobs_.begin_waiting();
}

void session::on_closed(caf::error why) {
  if (!std::exchange(ended_, true))
    on_end_(std::move(why));
}

// -- what the origin says ---------------------------------------------------------------------------------------------

void session::on_message(const wire::call& x) {
  if (stopping_)
    return refuse(x.seq, wire::reply_class::exit, atom{"shutdown"});
  auto found = find(x);
  if (found == nullptr && origin_reads()) { // it is said at once: it may be the heartbeat, and all workers busy
    ++running_;
    return answer(x.seq, node_->functions.evaluate(nullptr, x.module, x.function, x.arguments, {}));
  }
  auto urgent = begins_at_once(x);
  if (!urgent && !jobs_.has_room())
    return refuse(x.seq, wire::reply_class::error, atom{"system_limit"});
  auto stoppable = found != nullptr && found->stoppable();
  execute(x, x.seq, found, stoppable ? stoppable_[x.seq].get_token() : std::stop_token{}, urgent);
}

void session::on_message(const wire::cast& x) {
  if (stopping_)
    return;
  auto urgent = begins_at_once(x);
  if (urgent || jobs_.has_room())
    return execute(x, std::nullopt, find(x), stop_all_.get_token(), urgent);
  complain_once(told_of_casts_, "libpeer: cast of " + to_string(atom{x.module}) + ":" + to_string(atom{x.function})
                                    + " failed: error, system_limit; " + std::to_string(jobs_.waiting())
                                    + " calls and casts wait, and casts are dropped until there is room\n");
}

template <class Call>
const detail::function* session::find(const Call& x) const {
  return node_->functions.find(x.module, x.function, detail::arguments{x.arguments}.size());
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
    CAF_LOG_DEBUG("node-message-dropped" << CAF_ARG2("to", to_string(*to)) << CAF_ARG2("so-far", undelivered_));
  }
}

void session::on_message(const wire::io_reply& x) {
  console_->on_reply(x);
}

void session::on_message(const wire::undecodable& x) {
  if (x.seq)
    refuse(*x.seq, wire::reply_class::error, tagged("bad_term", text_of(x.why)));
  else
    std::fprintf(stderr, "libpeer: a message from the origin was dropped: %s\n", text_of(x.why).c_str());
}

bool session::is_cancellation(const term& to) const {
  auto pair = to.get_if<erl::tuple>();
  return pair != nullptr && (*pair)[0] == atom{wire::calls_name} && (*pair)[1] == node_->name;
}

void session::cancel(const_byte_span seq) {
  auto number = load_term<std::uint64_t>(seq);
  auto found = number ? stoppable_.find(*number) : stoppable_.end();
  if (found != stoppable_.end())
    request_stop(found->second);
}

/// Elsewhere: it runs callbacks of the functions, which may block.
void session::request_stop(std::stop_source source) {
  where_->offload([source = std::move(source)]() mutable { source.request_stop(); });
}

// -- calls ------------------------------------------------------------------------------------------------------------

template <class Call>
void session::execute(const Call& x, std::optional<std::uint64_t> seq, const detail::function* found,
                      std::stop_token stop, bool urgent) {
  ++running_;
  auto job = std::make_unique<call_job>(shared_from_this(), seq, x, found, std::move(stop));
  if (urgent) {
    end_asked_ = true;
    job->make_urgent();
    return jobs_.begin(std::move(job));
  }
  if (jobs_.waiting() == 0)
    told_of_casts_ = false;
  jobs_.add(std::move(job), x.arguments.size());
}

/// What ends the node waits for nothing, neither for its turn nor for the origin to read.
template <class Call>
bool session::begins_at_once(const Call& x) const {
  return !end_asked_
      && ((x.module == "init" && x.function == "stop") || (x.module == "erlang" && x.function == "halt"));
}

/// Whether the origin keeps up with what it is told.
bool session::origin_reads() const {
  return channel_->queued() <= limits_.bytes;
}

void session::note_whether_origin_reads() {
  *held_ = !origin_reads();
}

/// For a node that stops, which does not wait until the origin reads.
void session::end_if_idle() {
  if (stopping_ && *held_)
    running_ -= jobs_.drop_waiting();
  if (running_ == 0 && idle_)
    std::exchange(idle_, {})();
}

/// Elsewhere: whoever reads standard error may be slow, too.
void session::complain_once(bool& complained, std::string text) {
  if (!std::exchange(complained, true))
    where_->offload([text = std::move(text)] { std::fputs(text.c_str(), stderr); });
}

/// Answers a call that did not run, or has no result.
void session::refuse(std::uint64_t seq, wire::reply_class cls, const term& reason) {
  auto result = byte_buffer{};
  static_cast<void>(save_term(result, erl::tuple{reason, erl::list{}}));
  static_cast<void>(channel_->send(wire::reply{seq, cls, result}));
  if (!origin_reads() && ++unread_refusals_ > limits_.jobs)
    on_closed(caf::make_error(errc::protocol_violation, std::string{"the origin calls and does not read"}));
}

void session::answer(std::optional<std::uint64_t> seq, const outcome& how) {
  --running_;
  console_->catch_up(); // what the function printed comes before its result
  if (seq) {
    stoppable_.erase(*seq);
    if (auto err = channel_->send(wire::reply{*seq, how.cls, how.result}))
      refuse(*seq, wire::reply_class::error, tagged("bad_return_value", text_of(err)));
  }
  note_whether_origin_reads();
  end_if_idle();
}

} // namespace peer::internal::node
