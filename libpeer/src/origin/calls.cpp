// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/calls.hpp"

#include "peer/error.hpp"
#include "peer/failure.hpp"

#include "caf/all.hpp"

#include <iterator>
#include <string>
#include <utility>

namespace peer::internal::origin {

caf::error calls::check_room() const {
  if (waiting_ < limit_)
    return {};
  return peer::fail(errc::overload,
                    "the peer does not answer: " + std::to_string(waiting_) + " calls wait for it (max_calls)");
}

void calls::send(connection::channel& to, pending_call&& waiter, const_byte_span arguments, time_point now,
                 caf::timespan timeout) {
  auto seq = outstanding_.next_seq();
  if (auto err = to.send(wire::call{seq, waiter.module().name(), waiter.function().name(), arguments}))
    return waiter.refuse(peer::fail(errc::bad_term, text_of(err))); // it is too large for a frame
  waiter.sent(to.position(), now);
  waiting_ += waiter.internal() ? 0 : 1;
  outstanding_.add(std::move(waiter), now, timeout);
}

void calls::answer(const wire::reply& reply, time_point now) {
  if (auto call = take(reply.seq))
    call->answer(reply, peer_, now);
}

void calls::fail(std::uint64_t seq, const caf::error& why) {
  if (auto call = take(seq))
    call->fail(why);
}

std::vector<std::uint64_t> calls::expire(time_point now) {
  auto result = std::vector<std::uint64_t>{};
  for (auto& [seq, call] : outstanding_.take_expired(now)) {
    waiting_ -= call.internal() ? 0 : 1;
    call.time_out(peer_);
    result.push_back(seq);
  }
  return result;
}

bool calls::check_lost_frames(const connection::channel& from) {
  auto lost = from.lost_frames();
  if (lost == std::exchange(lost_frames_, lost))
    return false;
  doubt();
  return true;
}

std::optional<pending_call> calls::take(std::uint64_t seq) {
  auto result = outstanding_.take(seq);
  if (result && !result->internal())
    --waiting_;
  return result;
}

void calls::doubt() {
  waiting_ = 0;
  auto all = outstanding_.take_all();
  doubtful_.insert(doubtful_.end(), std::make_move_iterator(all.begin()), std::make_move_iterator(all.end()));
}

void calls::fail_doubtful() {
  for (auto& call : std::exchange(doubtful_, {}))
    call.fail(peer::fail(errc::protocol_violation,
                         "a frame from the peer that was damaged, or longer than 256 MiB, may have held the answer"));
}

void calls::fail_all(const caf::error& why, const connection::channel* over) {
  doubt();
  for (auto& call : std::exchange(doubtful_, {})) {
    auto delivered = over != nullptr && call.sent_until() <= over->written();
    call.fail(with_delivery(why, delivered ? delivery::unanswered : delivery::not_delivered));
  }
}

} // namespace peer::internal::origin
