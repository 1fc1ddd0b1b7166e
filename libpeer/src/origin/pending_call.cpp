// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/pending_call.hpp"

#include "base/large_memory.hpp"
#include "peer/failure.hpp"
#include "peer/term.hpp"

#include "caf/all.hpp"

namespace peer::internal::origin {

namespace {

std::string call_text(const atom& module, const atom& function, std::string_view peer) {
  auto result = "the call of " + to_string(module) + ":" + to_string(function);
  return peer.empty() ? result : result + " in " + std::string{peer};
}

} // namespace

caf::error to_error(const wire::reply& reply, const atom& module, const atom& function, std::string_view peer) {
  auto result = load_term<term>(reply.result);
  if (!result)
    return std::move(result.error());
  auto details = erl::exception{wire::to_exception_class(reply.cls), {}, {}};
  auto pair = result->get_if<erl::tuple>();
  // A crash has the exit reason only: the process that ran the call was killed and left no stacktrace.
  if (reply.cls != wire::reply_class::crash && pair != nullptr && pair->size() == 2) {
    details.reason = (*pair)[0];
    details.stacktrace = (*pair)[1];
  } else {
    details.reason = std::move(*result);
  }
  return caf::make_error(errc::exception, call_text(module, function, peer), std::move(details));
}

caf::error timed_out(const atom& module, const atom& function, std::string_view peer) {
  return peer::fail(errc::timeout, call_text(module, function, peer) + " was not answered in time");
}

void pending_call::sent(std::uint64_t until, time_point now) {
  sent_until_ = until;
  sent_at_ = now;
  if (meter_)
    meter_->call_sent();
}

void pending_call::refuse(caf::error why) {
  if (meter_)
    meter_->call_refused();
  deliver_error(std::move(why));
}

void pending_call::answer(const wire::reply& reply, std::string_view peer, time_point now) {
  ended(reply.cls == wire::reply_class::ok ? call_result::ok : call_result::exception);
  if (meter_)
    meter_->call_took(now - sent_at_);
  if (reply.cls != wire::reply_class::ok)
    deliver_error(to_error(reply, module_, function_, peer));
  else if (evaluated_)
    evaluated_(load_term<term>(reply.result));
  else
    caller_.deliver(encoded_term{base::copy_of(reply.result)});
}

void pending_call::fail(caf::error why) {
  ended(call_result::lost);
  deliver_error(std::move(why));
}

void pending_call::time_out(std::string_view peer) {
  ended(call_result::timeout);
  deliver_error(timed_out(module_, function_, peer));
}

void pending_call::ended(call_result how) {
  if (meter_)
    meter_->call_ended(how);
}

void pending_call::deliver_error(caf::error why) {
  if (evaluated_)
    evaluated_(std::move(why));
  else
    caller_.deliver(std::move(why));
}

} // namespace peer::internal::origin
