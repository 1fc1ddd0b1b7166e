// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/crew.hpp"

#include "loop/quiet_thread.hpp"

#include <exception>
#include <utility>

namespace peer::internal::loop {

namespace {

/// The watcher sleeps when it has seen no job this many times.
constexpr auto max_idle_looks = 20;

/// A thread that is idle for this long ends, unless it is the last idle one.
constexpr auto max_idle_time = std::chrono::seconds{10};

} // namespace

crew::crew(duties what, std::chrono::nanoseconds takeover, std::size_t max_threads)
    : duties_(std::move(what)), takeover_(takeover), max_threads_(max_threads) {}

void crew::start() {
  auto guard = guard_type{mutex_};
  add_thread(true);
}

void crew::finish() {
  auto guard = guard_type{mutex_};
  gone_.wait(guard, [this] { return threads_.empty(); });
  for (auto& thread : retired_)
    thread.join();
  retired_.clear();
}

// -- the driver -------------------------------------------------------------------------------------------------------

bool crew::can_take_over() {
  if (watched_)
    return true;
  auto guard = guard_type{mutex_};
  if (idle_ > 0)
    return true;
  if (threads_.size() >= max_threads_)
    return false;
  try {
    add_thread(false);
    return true;
  } catch (const std::exception&) { // the system cannot start another thread
    return threads_.size() == 1;    // no job would ever run: let it hold up the loop
  }
}

bool crew::run(job& what) {
  auto number = last_job_.load(std::memory_order_relaxed) + 1;
  last_job_.store(number, std::memory_order_relaxed);
  running_ = number;
  if (!watched_) // pairs with stop_watching, by sequential consistency
    call_watcher();
  what.run();
  return running_.compare_exchange_strong(number, 0);
}

void crew::call_watcher() {
  auto guard = guard_type{mutex_};
  if (watched_.exchange(true))
    return;
  watcher_wanted_ = true;
  wakeup_.notify_one();
}

// -- the life of a thread ---------------------------------------------------------------------------------------------

void crew::add_thread(bool drives) {
  auto self = threads_.emplace(threads_.end());
  try {
    *self = start_quiet_thread([this, self, drives] { serve(self, drives); });
  } catch (...) {
    threads_.erase(self);
    throw;
  }
  ++idle_;
}

void crew::serve(thread_position self, bool drives) {
  auto guard = guard_type{mutex_};
  if (drives)
    drive(guard);
  while (!over_) {
    auto called = wakeup_.wait_for(guard, max_idle_time, [this] { return over_ || watcher_wanted_; });
    if (!called && idle_ > 1)
      break;
    if (called && std::exchange(watcher_wanted_, false) && watch(guard))
      drive(guard);
  }
  retire(self);
}

void crew::drive(guard_type& guard) {
  --idle_;
  guard.unlock();
  auto held_up = duties_.drive();
  guard.lock();
  ++idle_;
  if (!held_up) {
    over_ = true;
    wakeup_.notify_all();
    return;
  }
  guard.unlock();
  duties_.hand_in(std::move(held_up));
  guard.lock();
}

/// Returns whether the caller drives from now on.
bool crew::watch(guard_type& guard) {
  auto seen_running = std::uint64_t{0};
  auto seen_last = std::uint64_t{0};
  for (auto idle_looks = 0; !over_;) {
    wakeup_.wait_for(guard, takeover_, [this] { return over_; });
    auto running = running_.load();
    if (running != 0 && running == seen_running && running_.compare_exchange_strong(running, 0)) {
      watched_ = false;
      return true;
    }
    auto last = last_job_.load();
    idle_looks = last == seen_last ? idle_looks + 1 : 0;
    seen_running = running;
    seen_last = last;
    if (idle_looks >= max_idle_looks && stop_watching())
      return false;
  }
  watched_ = false;
  return false;
}

/// Returns whether the watcher may sleep. Either it sees a job that began meanwhile, or the driver of that job sees
/// that there is no watcher.
bool crew::stop_watching() noexcept {
  watched_ = false;
  return running_ == 0 || watched_.exchange(true);
}

void crew::retire(thread_position self) {
  --idle_;
  for (auto& thread : retired_)
    thread.join();
  retired_.clear();
  retired_.splice(retired_.end(), threads_, self);
  gone_.notify_all();
}

} // namespace peer::internal::loop
