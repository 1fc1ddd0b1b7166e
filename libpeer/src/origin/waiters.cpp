// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/waiters.hpp"

#include "base/caf_compat.hpp"

#include "caf/all.hpp"

#include <variant>

namespace peer::internal::origin {

namespace {

template <class Promise, class... Ts>
void answer(std::vector<Promise>& requests, const Ts&... what) {
  for (auto& promise : std::exchange(requests, {}))
    promise.deliver(what...);
}

} // namespace

waiters::waiters(const wait_boot_option& how, caf::actor_addr control) : control_(std::move(control)) {
  if (auto whom = std::get_if<notify>(&how))
    receiver_ = *whom;
}

void waiters::on_started(const peer_status& status) {
  started_ = true;
  answer(boot_, status);
  notify_receiver({{}, status.node, {}, control_});
  answer_ready();
}

void waiters::on_ready() {
  says_ready_ = true;
  answer_ready();
}

void waiters::on_end(const caf::error& why, const stop_report& report) {
  fail(why);
  answer(end_, report);
}

void waiters::on_killed(const caf::error& why) {
  fail(why);
  answer(end_, why);
}

void waiters::answer_ready() {
  if (ready())
    answer(ready_);
}

/// The peer will neither boot nor become ready.
void waiters::fail(const caf::error& why) {
  answer(boot_, why);
  if (!started_)
    notify_receiver({{}, {}, why, control_});
  answer(ready_, why);
}

void waiters::notify_receiver(start_notice notice) const {
  if (!receiver_)
    return;
  notice.tag = receiver_->tag;
  base::send_anonymous(receiver_->receiver, std::move(notice));
}

} // namespace peer::internal::origin
