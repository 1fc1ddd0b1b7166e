// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/functions.hpp"

#include "loop/pinned.hpp"
#include "node/function_table.hpp"
#include "node/job_queue.hpp"
#include "origin/outbox.hpp"
#include "origin/pending_call.hpp"
#include "peer/control_actor.hpp"

#include "caf/all.hpp"

#include <map>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>

namespace peer {

namespace {

/// What a child of this process takes of a control actor's requests.
using function_actor = caf::typed_actor<caf::result<encoded_term>(call_request), caf::result<void>(cast_request)>;

/// The calls that run. It belongs to the loop; those that have no caller have a number, too.
class running_calls {
public:
  running_calls(internal::loop::loop_ptr where, internal::node::load_limits limits) : jobs(std::move(where), limits) {}

  struct entry {
    std::optional<caf::typed_response_promise<encoded_term>> caller;
    std::stop_source stop;
    caf::disposable timer;
  };

  entry& add() { return calls_[++last_]; }

  std::uint64_t last() const noexcept { return last_; }

  void answer(std::uint64_t number, const internal::node::outcome& what) {
    auto node = calls_.extract(number);
    if (!node)
      return;
    node.mapped().timer.dispose();
    auto& caller = node.mapped().caller;
    if (!caller)
      return;
    if (what.cls == internal::wire::reply_class::ok)
      caller->deliver(encoded_term{what.result});
    else
      caller->deliver(internal::origin::to_error({number, what.cls, what.result}));
  }

  /// Nobody waits for it any more.
  void time_out(std::uint64_t number, const atom& module, const atom& function) {
    auto node = calls_.extract(number);
    if (!node)
      return;
    node.mapped().stop.request_stop();
    node.mapped().caller->deliver(internal::origin::timed_out(module, function));
  }

  void abandon(const caf::error& why) {
    for (auto& [number, x] : std::exchange(calls_, {})) {
      x.timer.dispose();
      x.stop.request_stop();
      if (x.caller)
        x.caller->deliver(why);
    }
  }

  /// What waits to run, and runs. A call whose time has passed may be there still.
  internal::node::job_queue jobs;

private:
  std::uint64_t last_ = 0;
  std::map<std::uint64_t, entry> calls_;
};

class call_job final : public internal::loop::loop::job {
public:
  template <class Request>
  call_job(std::shared_ptr<const internal::node::function_table> table, std::weak_ptr<running_calls> owner,
           std::uint64_t number, Request& request, std::stop_token stop)
      : table_(std::move(table)),
        owner_(std::move(owner)),
        number_(number),
        module_(std::move(request.module)),
        function_(std::move(request.function)),
        arguments_(std::move(request.arguments)),
        stop_(std::move(stop)) {}

  void run() noexcept override {
    auto found = table_->find(module_, function_, detail::arguments{arguments_}.size());
    auto context = call_context{pid{atom{"nonode@nohost"}, static_cast<std::uint32_t>(number_), 0, 0}, stop_};
    outcome_ = table_->evaluate(found, module_, function_, arguments_, context);
  }

  void finish() override {
    if (auto owner = owner_.lock()) {
      owner->answer(number_, outcome_);
      owner->jobs.finished();
    }
  }

private:
  std::shared_ptr<const internal::node::function_table> table_;
  std::weak_ptr<running_calls> owner_;
  std::uint64_t number_;
  std::string module_;
  std::string function_;
  byte_buffer arguments_;
  std::stop_token stop_;
  internal::node::outcome outcome_;
};

class function_server final : public internal::loop::pinned<function_actor::base> {
public:
  function_server(caf::actor_config& cfg, internal::loop::habitat place,
                  std::shared_ptr<const internal::node::function_table> table)
      : pinned(cfg, std::move(place)),
        table_(std::move(table)),
        running_(std::make_shared<running_calls>(where().loop, internal::node::load_limits::of(system()))) {}

  const char* name() const override { return "peer.functions"; }

  behavior_type make_behavior() override {
    set_default_handler([](caf::scheduled_actor*, caf::message&) -> caf::skippable_result {
      return caf::message{}; // nobody has the name that it was sent to
    });
    set_error_handler([](caf::error&) {});
    return {[this](call_request& x) { return on_call(x); }, [this](cast_request& x) { return on_cast(x); }};
  }

  void on_exit() override {
    running_->abandon(caf::make_error(errc::noproc, std::string{"the functions' actor has exited"}));
    pinned::on_exit();
  }

private:
  caf::result<encoded_term> on_call(call_request& x) {
    if (auto err = internal::origin::check_names(x.module, x.function))
      return err;
    if (!running_->jobs.has_room())
      return overload();
    auto promise = make_response_promise<encoded_term>();
    auto timeout = x.timeout;
    auto& call = running_->add();
    auto number = running_->last();
    call.caller = promise;
    if (timeout != caf::infinite)
      call.timer = run_delayed(timeout, [this, number, module = atom{x.module}, function = atom{x.function}] {
        running_->time_out(number, module, function);
      });
    execute(x, number, call.stop.get_token());
    return promise;
  }

  /// Who casts without asking learns of no failure: an error that nobody expects ends an actor.
  caf::result<void> on_cast(cast_request& x) {
    if (running_->jobs.has_room()) {
      auto& call = running_->add();
      execute(x, running_->last(), call.stop.get_token());
    } else if (current_message_id().is_request()) {
      return overload();
    }
    return caf::unit;
  }

  template <class Request>
  void execute(Request& x, std::uint64_t number, std::stop_token stop) {
    auto bytes = x.arguments.size();
    running_->jobs.add(std::make_unique<call_job>(table_, running_, number, x, std::move(stop)), bytes);
  }

  caf::error overload() const {
    return caf::make_error(errc::overload, std::to_string(running_->jobs.waiting()) + " calls and casts wait already");
  }

  std::shared_ptr<const internal::node::function_table> table_;
  std::shared_ptr<running_calls> running_;
};

} // namespace

functions::functions() : table_(std::make_shared<internal::node::function_table>()) {}

functions& functions::raw_function(std::string_view module, std::string_view name, peer::raw_function f) {
  table_->add(module, name, detail::make_raw_function(std::move(f)));
  return *this;
}

functions& functions::add(std::string_view module, std::string_view name, std::size_t arity, detail::function_ptr f) {
  table_->add(module, name, arity, std::move(f));
  return *this;
}

actor_factory functions::in_process() const {
  return [table = table_](const child_context& context) -> caf::expected<caf::actor> {
    auto made =
        internal::loop::spawn_pinned<function_server>(context.system, internal::loop::loop::of(context.system), table);
    return caf::actor_cast<caf::actor>(made);
  };
}

} // namespace peer
