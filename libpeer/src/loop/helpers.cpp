// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/helpers.hpp"

#include "loop/dispatcher.hpp"
#include "loop/job_list.hpp"
#include "loop/reactor.hpp"

#include <thread>

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>
#include <unistd.h>

namespace peer::internal::loop {

namespace {

using clock_type = std::chrono::steady_clock;

/// How long a helping thread waits for a driver that is idle.
constexpr auto take_patience = std::chrono::microseconds{20};

/// How often to look whether a thread runs in the background.
constexpr auto look_interval = std::chrono::milliseconds{1};

/// Whether the calling thread has a lower priority than the program's first thread: all peers would wait for it.
bool in_background() {
  thread_local auto next_look = clock_type::time_point{};
  thread_local auto result = false;
  if (auto now = clock_type::now(); next_look <= now) {
    next_look = now + look_interval;
    auto first = static_cast<id_t>(getpid());
    result = sched_getscheduler(0) == SCHED_IDLE || getpriority(PRIO_PROCESS, 0) > getpriority(PRIO_PROCESS, first);
  }
  return result;
}

} // namespace

// -- called by threads that want to help ------------------------------------------------------------------------------

bool helpers::take() {
  if (closed_ || !prepare() || reactor::any_in_this_thread() || in_background())
    return false;
  auto taken = take_free(place::helper);
  if (!taken) {
    ++candidates_;
    auto deadline = clock_type::now() + take_patience;
    while (!taken && driver_ != place::helper && clock_type::now() < deadline) {
      std::this_thread::yield();
      taken = take_free(place::helper);
    }
    --candidates_;
  }
  if (!taken)
    return false;
  watch_->disarm();
  sigset_t pipe;
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, &outer_mask_);
  io_.enter();
  io_.set_asleep(false);
  if (!closed_) // pairs with close, by sequential consistency
    return true;
  leave();
  return false;
}

void helpers::drive_until(const std::function<bool()>& done) noexcept {
  auto deadline = clock_type::now() + spin_;
  for (;;) {
    auto busy = work_.run_ready();
    if (done() || jobs_.waiting() || closed_)
      return;
    auto now = clock_type::now();
    if (!busy && now < deadline) {
      yield_after(deadline - spin_, now);
      continue;
    }
    if (!busy)
      work_.sleep(std::nullopt);
    deadline = clock_type::now() + spin_;
  }
}

void helpers::leave() noexcept {
  io_.leave();
  if (jobs_.waiting())
    io_.signal();
  auto mask = outer_mask_;
  give_up();
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

// -- called by the thread that ends the loop --------------------------------------------------------------------------

void helpers::close() noexcept {
  closed_ = true;
  io_.post([] {}); // wakes a helper that sleeps
  while (driver_ == place::helper)
    std::this_thread::sleep_for(take_patience);
}

// -- called by the crew's driver --------------------------------------------------------------------------------------

bool helpers::sleep(std::optional<std::chrono::milliseconds> limit) {
  if (!prepared_ || io_.ending())
    return false;
  give_up();
  do
    watch_->wait(limit);
  while (!take_free(place::crew));
  io_.set_asleep(false);
  return true;
}

// -- the drive --------------------------------------------------------------------------------------------------------

/// Makes it possible that helpers drive. Returns whether it is.
bool helpers::prepare() {
  std::call_once(preparation_, [this] {
    watch_ = reactor_watch::of_the_one_that_watches(io_.wakeup_fd());
    prepared_ = watch_.has_value();
    io_.post([] {}); // a driver that sleeps in the reactor would keep the drive
  });
  return prepared_;
}

bool helpers::take_free(place who) {
  auto free = place::nowhere;
  return driver_.compare_exchange_strong(free, who);
}

/// Leaves the drive to the next helper that wants it, and to the crew at the next event.
void helpers::give_up() noexcept {
  io_.set_asleep(true);
  if (!work_.idle())
    io_.signal();
  driver_ = place::nowhere;
  watch_->arm(); // last: otherwise the crew might find the drive taken, and sleep on
}

} // namespace peer::internal::loop
