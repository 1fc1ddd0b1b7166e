// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/loop/loop.hpp"

#include "peer/base/defaults.hpp"
#include "peer/loop/crew.hpp"
#include "peer/loop/quiet_thread.hpp"

#include "caf/actor_registry.hpp"
#include "caf/all.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <condition_variable>
#include <csignal>
#include <deque>
#include <map>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <system_error>
#include <thread>
#include <utility>

#include <pthread.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace peer {

namespace {

using clock_type = std::chrono::steady_clock;

/// The name under which a system's registry holds its loop.
constexpr auto registry_name = "libpeer.loop";

/// How long jobs wait for the system to have a thread again, unless one of ours becomes free.
constexpr auto retry_time = std::chrono::milliseconds{10};

/// Messages that an actor may process before another one gets its turn.
constexpr std::size_t max_throughput = 100;

/// The signals that the caller blocks.
sigset_t signal_mask() {
  sigset_t result;
  pthread_sigmask(SIG_SETMASK, nullptr, &result);
  return result;
}

// -- offloading -------------------------------------------------------------------------------------------------------

/// A thread for work that may block, started when there is some.
class offload_thread {
public:
  offload_thread() : ending_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
    if (ending_fd_ < 0)
      throw std::system_error{errno, std::generic_category(), "eventfd"};
  }

  ~offload_thread() {
    stop();
    close(ending_fd_);
  }

  void add(std::function<void()> task) {
    auto guard = std::lock_guard{mutex_};
    if (ending_)
      return;
    tasks_.push_back(std::move(task));
    if (thread_.joinable())
      wakeup_.notify_one();
    else
      thread_ = start_quiet_thread([this] { run(); });
  }

  void stop() {
    {
      auto guard = std::lock_guard{mutex_};
      ending_ = true;
    }
    eventfd_write(ending_fd_, 1);
    wakeup_.notify_one();
    if (thread_.joinable())
      thread_.join();
  }

  int ending_fd() const noexcept { return ending_fd_; }

private:
  void run() {
    auto guard = std::unique_lock{mutex_};
    for (;;) {
      wakeup_.wait(guard, [this] { return ending_ || !tasks_.empty(); });
      if (tasks_.empty())
        return;
      auto task = std::move(tasks_.front());
      tasks_.pop_front();
      guard.unlock();
      task();
      task = nullptr;
      guard.lock();
    }
  }

  int ending_fd_;
  std::mutex mutex_;
  std::condition_variable wakeup_;
  std::deque<std::function<void()>> tasks_;
  std::thread thread_;
  bool ending_ = false;
};

// -- the loop ---------------------------------------------------------------------------------------------------------

class loop_impl final : public loop, private custom_actor_host {
public:
  loop_impl(caf::actor_system& sys, std::chrono::nanoseconds spin)
      : custom_actor_host(sys), sys_(sys), spin_(spin), work_(io_.get_executor()) {}

  ~loop_impl() override = default;

  void start_running() { crew_.start(); }

  /// Kills the pinned actors, runs what that takes and joins the threads. @pre not called by one of them.
  void finish() {
    boost::asio::post(io_, [this] {
      ending_ = true;
      for (auto& tenant : living_tenants())
        caf::anon_send_exit(tenant, caf::exit_reason::kill);
      drop_waiting_jobs();
      work_.reset(); // what the killed actors leave behind still runs, then the loop is over
    });
    crew_.finish();
    offload_.stop();
    ended_ = true;
  }

  // -- loop ---

  boost::asio::io_context& io() noexcept override { return io_; }

  actor_host& host() noexcept override { return *this; }

  bool in_this_thread() const noexcept override { return led_here == this; }

  bool ended() const noexcept override { return ended_; }

  std::chrono::nanoseconds spin() const noexcept override { return spin_; }

  void execute(std::unique_ptr<job> work) override {
    if (ending_)
      return;
    ++jobs_;
    waiting_.push_back(std::move(work));
  }

  std::size_t jobs() const noexcept override { return jobs_; }

  void offload(std::function<void()> task) override { offload_.add(std::move(task)); }

  int ending_fd() const noexcept override { return offload_.ending_fd(); }

  caf::actor_system& system() noexcept override { return sys_; }

  void enroll(const caf::strong_actor_ptr& tenant) override {
    {
      auto guard = std::lock_guard{mutex_};
      tenants_.emplace(tenant->id(), caf::weak_actor_ptr{tenant.get()});
    }
    if (ending_)
      caf::anon_send_exit(tenant, caf::exit_reason::kill);
  }

  void withdraw(caf::actor_id tenant) noexcept override {
    auto guard = std::lock_guard{mutex_};
    tenants_.erase(tenant);
  }

  std::size_t tenants() const noexcept override {
    auto guard = std::lock_guard{mutex_};
    return tenants_.size();
  }

private:
  // -- custom_actor_host ---

  void run_later(caf::resumable* what) override {
    if (what->subtype() == caf::resumable::io_actor) {
      boost::asio::post(io_, [this, what] { resume(what); });
      actor_ready_ = true;
    } else if (!ending_) {
      peer::schedule(sys_, what);
    } else { // CAF's scheduler has stopped and would never run it
      intrusive_ptr_release(what);
    }
  }

  void resume(caf::resumable* what) {
    switch (what->resume(this, max_throughput)) {
    case caf::resumable::resume_later:
      run_later(what);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;
    default:
      intrusive_ptr_release(what);
    }
  }

  // -- the thread that leads ---

  /// Runs the loop until it is over, or until another thread does: then returns the job that took so long.
  std::unique_ptr<job> lead() {
    led_here = this;
    auto patience = spin_;
    auto held_up = std::unique_ptr<job>{};
    finish_jobs(); // what the leader before did not come to
    while (!held_up && !io_.stopped()) {
      auto found = poll_for(patience, held_up);
      if (held_up || io_.stopped())
        break;
      patience = found ? spin_ : patience / 2;
      auto asleep = clock_type::now();
      if (waiting_.empty())
        io_.run_one();
      else
        io_.run_one_for(retry_time); // no thread was to be had
      // A nap shorter than the full spin means that spinning would have saved a wake-up.
      if (clock_type::now() - asleep < spin_)
        patience = spin_;
    }
    led_here = nullptr;
    return held_up;
  }

  /// Runs handlers and jobs until none became ready for `patience`. Returns whether there were any; `held_up` receives
  /// the job during which the lead was lost.
  bool poll_for(std::chrono::nanoseconds patience, std::unique_ptr<job>& held_up) {
    auto found = false;
    auto deadline = clock_type::now() + patience;
    for (;;) {
      auto busy = io_.poll() > 0;
      if (!waiting_.empty() && crew_.can_hand_over()) {
        busy = true;
        held_up = run_jobs();
      }
      if (held_up || io_.stopped())
        return true;
      if (!busy && clock_type::now() >= deadline)
        return found;
      if (busy) {
        found = true;
        deadline = clock_type::now() + patience;
      } else {
        std::this_thread::yield(); // whoever waits for this core may be who we wait for
      }
    }
  }

  /// Runs jobs, but not for so long that what they have to say has to wait. Returns the one during which the lead was
  /// lost.
  std::unique_ptr<job> run_jobs() {
    auto deadline = clock_type::now() + defaults::handover;
    led_here = nullptr; // a job is not on the loop
    sigset_t all;
    pthread_sigmask(SIG_SETMASK, &outer_mask_, &all);
    auto held_up = std::unique_ptr<job>{};
    do {
      auto next = std::move(waiting_.front());
      waiting_.pop_front();
      if (crew_.run(*next))
        returned_.push_back(std::move(next));
      else
        held_up = std::move(next);
    } while (!held_up && !waiting_.empty() && clock_type::now() < deadline);
    pthread_sigmask(SIG_SETMASK, &all, nullptr);
    if (!held_up) {
      led_here = this;
      if (actor_ready_.exchange(false))
        io_.poll(); // what a function has sent comes before its result
      finish_jobs();
    }
    return held_up;
  }

  void finish_jobs() {
    for (auto& done : returned_) {
      done->finish();
      --jobs_;
    }
    returned_.clear();
  }

  void hand_in(std::unique_ptr<job> done) {
    boost::asio::post(io_, [this, done = std::move(done)]() mutable {
      done->finish();
      --jobs_;
    });
  }

  void drop_waiting_jobs() {
    jobs_ -= waiting_.size();
    waiting_.clear();
  }

  std::vector<caf::strong_actor_ptr> living_tenants() {
    auto result = std::vector<caf::strong_actor_ptr>{};
    auto guard = std::lock_guard{mutex_};
    for (auto& [id, tenant] : tenants_)
      if (auto ptr = tenant.lock())
        result.push_back(std::move(ptr));
    return result;
  }

  /// The loop that the current thread leads.
  static thread_local const loop_impl* led_here;

  caf::actor_system& sys_;
  std::chrono::nanoseconds spin_;
  sigset_t outer_mask_ = signal_mask();
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::deque<std::unique_ptr<job>> waiting_;   ///< belongs to the leader, as does what follows
  std::vector<std::unique_ptr<job>> returned_; ///< have run and not finished
  std::atomic<std::size_t> jobs_ = 0;
  std::atomic<bool> actor_ready_ = false; ///< a pinned actor has got a message since the last job
  std::atomic<bool> ending_ = false;
  std::atomic<bool> ended_ = false;
  mutable std::mutex mutex_;
  std::map<caf::actor_id, caf::weak_actor_ptr> tenants_;
  offload_thread offload_;
  crew crew_{{[this] { return lead(); }, [this](crew::job_ptr done) { hand_in(std::move(done)); }},
             defaults::handover,
             defaults::max_workers};
};

thread_local const loop_impl* loop_impl::led_here = nullptr;

// -- the loop's owner -------------------------------------------------------------------------------------------------

/// Owns the loop on behalf of the system: its registry holds the only reference, and drops it in `~actor_system` when
/// all counted actors are done and the scheduler has stopped. It is never launched and receives no messages.
class loop_anchor final : public caf::event_based_actor {
public:
  loop_anchor(caf::actor_config& cfg, std::shared_ptr<loop_impl> owned)
      : caf::event_based_actor(cfg), loop_(std::move(owned)) {}

  ~loop_anchor() override { loop_->finish(); }

  const std::shared_ptr<loop_impl>& get() const noexcept { return loop_; }

private:
  std::shared_ptr<loop_impl> loop_;
};

std::shared_ptr<loop_impl> find_loop(caf::actor_system& sys) {
  if (auto anchor = sys.registry().get(registry_name))
    return static_cast<loop_anchor*>(caf::actor_cast<caf::abstract_actor*>(anchor))->get();
  return nullptr;
}

} // namespace

loop::~loop() = default;

loop::job::~job() = default;

loop_ptr loop::of(caf::actor_system& sys) {
  if (auto found = find_loop(sys))
    return found;
  static std::mutex creation;
  auto guard = std::lock_guard{creation};
  if (auto found = find_loop(sys))
    return found;
  auto spin = caf::get_or(sys.config(), "peer.spin", caf::timespan{defaults::spin});
  auto result = std::make_shared<loop_impl>(sys, spin);
  result->start_running();
  caf::actor_config cfg{&result->host()};
  auto anchor = caf::make_actor<loop_anchor, caf::strong_actor_ptr>(sys.next_actor_id(), sys.node(), &sys, cfg, result);
  sys.registry().put(registry_name, anchor);
  return result;
}

} // namespace peer
