// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "node/job_queue.hpp"

#include "base/caf_compat.hpp"
#include "peer/detail/defaults.hpp"

#include "caf/all.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>

namespace peer::internal::node {

load_limits load_limits::of(const caf::actor_system& sys) {
  auto setting = [&](detail::caf_string_view name, std::size_t otherwise) {
    return static_cast<std::size_t>(caf::get_or(sys.config(), name, std::uint64_t{otherwise}));
  };
  return {setting("peer.max-waiting-jobs", defaults::max_waiting_jobs),
          setting("peer.queue-limit", defaults::queue_limit)};
}

job_queue::job_queue(loop::event_loop_ptr where, load_limits limits, std::function<bool()> may_begin)
    : where_(std::move(where)), limits_(limits), may_begin_(std::move(may_begin)) {}

bool job_queue::has_room() const {
  if (waiting_.empty() && may_begin())
    return true;
  return waiting_.size() < limits_.jobs && waiting_bytes_ <= limits_.bytes;
}

void job_queue::add(job_ptr job, std::size_t bytes) {
  auto number = next_number_++;
  if (waiting_.empty() && may_begin())
    return begin(std::move(job));
  waiting_bytes_ += bytes;
  waiting_.push_back({std::move(job), bytes, number});
}

void job_queue::begin(job_ptr job) {
  ++begun_;
  where_->execute(std::move(job));
}

void job_queue::finished() {
  --begun_;
  begin_waiting();
}

void job_queue::put_back(job_ptr job, std::size_t bytes, std::uint64_t number) {
  auto later = std::find_if(waiting_.begin(), waiting_.end(), [=](auto& x) { return x.number > number; });
  waiting_.insert(later, {std::move(job), bytes, number});
  waiting_bytes_ += bytes;
  finished();
}

void job_queue::begin_waiting() {
  while (!waiting_.empty() && may_begin()) {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= next.bytes;
    begin(std::move(next.job));
  }
}

std::size_t job_queue::drop_waiting() {
  auto result = std::exchange(waiting_, {}).size();
  waiting_bytes_ = 0;
  return result;
}

bool job_queue::may_begin() const {
  return begun_ < defaults::max_workers && (!may_begin_ || may_begin_());
}

} // namespace peer::internal::node
