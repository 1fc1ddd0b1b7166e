// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/job_list.hpp"

#include "loop/crew.hpp"

#include <utility>

#include <pthread.h>

namespace peer::internal::loop {

job::~job() = default;

job_list::job_list() {
  pthread_sigmask(SIG_SETMASK, nullptr, &job_mask_);
}

void job_list::add(job_ptr what) {
  if (closed_)
    return;
  ++count_;
  waiting_.push_back(std::move(what));
}

job_ptr job_list::run(crew& threads, std::chrono::nanoseconds time) {
  auto deadline = std::chrono::steady_clock::now() + time;
  sigset_t drivers_mask;
  pthread_sigmask(SIG_SETMASK, &job_mask_, &drivers_mask);
  auto held_up = job_ptr{};
  do {
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    if (threads.run(*next))
      completed_.push_back(std::move(next));
    else
      held_up = std::move(next); // from here on, the members belong to another thread
  } while (!held_up && !waiting_.empty() && std::chrono::steady_clock::now() < deadline);
  pthread_sigmask(SIG_SETMASK, &drivers_mask, nullptr);
  return held_up;
}

void job_list::finish_completed() {
  for (auto& each : completed_)
    finish(*each);
  completed_.clear();
}

void job_list::finish(job& what) {
  what.finish();
  --count_;
}

void job_list::close() noexcept {
  closed_ = true;
  count_ -= waiting_.size();
  waiting_.clear();
}

} // namespace peer::internal::loop
