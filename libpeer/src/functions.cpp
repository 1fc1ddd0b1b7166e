// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/functions.hpp"

#include "base/large_memory.hpp"
#include "loop/pinned.hpp"
#include "node/call_runner.hpp"
#include "node/function_table.hpp"
#include "origin/outbox.hpp"
#include "origin/pending_call.hpp"
#include "peer/control_actor.hpp"

#include "caf/all.hpp"

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

namespace peer {

namespace {

/// The requests of a control actor that a child in this process handles.
using function_actor = caf::typed_actor<caf::result<encoded_term>(call_request), caf::result<void>(cast_request)>;

internal::node::call_runner::environment environment_of(std::shared_ptr<const internal::node::function_table> table) {
  auto last = std::make_shared<std::atomic<std::uint32_t>>(0);
  return {std::move(table), [last] { return pid{atom{"nonode@nohost"}, ++*last, 0, 0}; }};
}

class function_server final : public internal::loop::pinned<function_actor::base> {
public:
  function_server(caf::actor_config& cfg, internal::loop::habitat place,
                  std::shared_ptr<const internal::node::function_table> table)
      : pinned(cfg, std::move(place)),
        runner_(std::make_shared<internal::node::call_runner>(where().loop, internal::node::load_limits::of(system()),
                                                              environment_of(std::move(table)))) {}

  const char* name() const override { return "peer.functions"; }

  behavior_type make_behavior() override {
    set_default_handler([](caf::scheduled_actor*, caf::message&) -> caf::skippable_result {
      return caf::message{}; // a child has no registered names: messages are dropped
    });
    set_error_handler([](caf::error&) {});
    return {[this](call_request& x) { return on_call(x); }, [this](cast_request& x) { return on_cast(x); }};
  }

  void on_exit() override {
    runner_->abandon(with_delivery(fail(errc::noproc, "the functions' actor has exited"), delivery::unanswered));
    runner_.reset();
    pinned::on_exit();
  }

private:
  caf::result<encoded_term> on_call(call_request& x) {
    if (auto err = internal::origin::check_names(x.module, x.function))
      return err;
    if (!runner_->has_room())
      return overload();
    auto promise = make_response_promise<encoded_term>();
    auto timeout = x.timeout;
    auto answer = [promise, module = atom{x.module}, function = atom{x.function}](const caf::error& failed,
                                                                                  const auto& how) mutable {
      if (failed)
        promise.deliver(failed == errc::timeout ? internal::origin::timed_out(module, function) : failed);
      else if (how.cls == internal::wire::reply_class::ok)
        promise.deliver(encoded_term{internal::base::copy_of(how.result)});
      else
        promise.deliver(internal::origin::to_error({0, how.cls, how.result}, module, function));
    };
    runner_->run(to_invocation(x), std::move(answer), timeout);
    return promise;
  }

  /// A cast that is not a request is not answered: an unexpected error would end its sender.
  caf::result<void> on_cast(cast_request& x) {
    if (runner_->has_room())
      runner_->run(to_invocation(x), {});
    else if (current_message_id().is_request())
      return overload();
    return caf::unit;
  }

  template <class Request>
  internal::node::invocation to_invocation(Request& x) const {
    auto found = runner_->find(x.module, x.function, x.arguments);
    return {found, std::move(x.module), std::move(x.function), std::move(x.arguments)};
  }

  caf::error overload() const {
    return fail(errc::overload, std::to_string(runner_->waiting()) + " calls and casts are already waiting");
  }

  std::shared_ptr<internal::node::call_runner> runner_;
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
    auto where = internal::loop::event_loop::of(context.system);
    if (!where)
      return std::move(where.error());
    auto made = internal::loop::spawn_pinned<function_server>(context.system, *where, table);
    return caf::actor_cast<caf::actor>(made);
  };
}

} // namespace peer
