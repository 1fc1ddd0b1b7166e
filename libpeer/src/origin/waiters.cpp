// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "origin/waiters.hpp"

#include "base/caf_compat.hpp"

#include "caf/all.hpp"

#include <variant>

namespace peer::internal::origin {

namespace {

template <class Promise, class... Ts>
void tell(std::vector<Promise>& whom, const Ts&... what) {
  for (auto& promise : std::exchange(whom, {}))
    promise.deliver(what...);
}

} // namespace

waiters::waiters(const wait_boot_option& how, caf::actor_addr control) : control_(std::move(control)) {
  if (auto whom = std::get_if<notify>(&how))
    receiver_ = *whom;
}

void waiters::on_started(const atom& node) {
  started_ = true;
  tell(boot_, node);
  notify_receiver({{}, node, {}, control_});
  tell_ready();
}

void waiters::on_ready() {
  says_ready_ = true;
  tell_ready();
}

void waiters::on_end(const caf::error& why, const stop_report& report) {
  disappoint(why);
  tell(end_, report);
}

void waiters::on_killed(const caf::error& why) {
  disappoint(why);
  tell(end_, why);
}

void waiters::tell_ready() {
  if (ready())
    tell(ready_);
}

/// What they wait for does not come any more.
void waiters::disappoint(const caf::error& why) {
  tell(boot_, why);
  if (!started_)
    notify_receiver({{}, {}, why, control_});
  tell(ready_, why);
}

void waiters::notify_receiver(start_notice notice) const {
  if (!receiver_)
    return;
  notice.tag = receiver_->tag;
  base::send_anonymous(receiver_->receiver, std::move(notice));
}

} // namespace peer::internal::origin
