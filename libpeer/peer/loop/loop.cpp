// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "peer/loop/loop.hpp"

#include "peer/base/defaults.hpp"

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

/// Messages that an actor may process before another one gets its turn.
constexpr std::size_t max_throughput = 100;

/// Starts a thread that never runs a signal handler of the host's.
std::thread start_thread(std::function<void()> body) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  auto result = std::thread{std::move(body)}; // inherits the mask
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
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
      thread_ = start_thread([this] { run(); });
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

  void start_running() {
    thread_ = start_thread([this] { run(); });
  }

  /// Kills the pinned actors, runs what that takes and joins the thread. @pre not called by the loop's thread.
  void finish() {
    boost::asio::post(io_, [this] {
      ending_ = true;
      for (auto& tenant : living_tenants())
        caf::anon_send_exit(tenant, caf::exit_reason::kill);
      work_.reset(); // what the killed actors leave behind still runs, then the thread ends
    });
    thread_.join();
    offload_.stop();
    ended_ = true;
  }

  // -- loop ---

  boost::asio::io_context& io() noexcept override { return io_; }

  actor_host& host() noexcept override { return *this; }

  bool in_this_thread() const noexcept override { return std::this_thread::get_id() == thread_.get_id(); }

  bool ended() const noexcept override { return ended_; }

  std::chrono::nanoseconds spin() const noexcept override { return spin_; }

  void offload(std::function<void()> task) override { offload_.add(std::move(task)); }

  int ending_fd() const noexcept override { return offload_.ending_fd(); }

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

  void run_later(caf::resumable* job) override {
    if (job->subtype() == caf::resumable::io_actor)
      boost::asio::post(io_, [this, job] { resume(job); });
    else if (!ending_)
      peer::schedule(sys_, job);
    else // CAF's scheduler has stopped and would never run it
      intrusive_ptr_release(job);
  }

  void resume(caf::resumable* job) {
    switch (job->resume(this, max_throughput)) {
    case caf::resumable::resume_later:
      run_later(job);
      break;
    case caf::resumable::shutdown_execution_unit:
      break;
    default:
      intrusive_ptr_release(job);
    }
  }

  // -- the thread ---

  void run() {
    auto patience = spin_;
    while (!io_.stopped()) {
      patience = poll_for(patience) ? spin_ : patience / 2;
      auto asleep = clock_type::now();
      io_.run_one();
      // A nap shorter than the full spin means that spinning would have saved a wake-up.
      if (clock_type::now() - asleep < spin_)
        patience = spin_;
    }
  }

  /// Runs handlers until none became ready for `patience`. Returns whether there were any.
  bool poll_for(std::chrono::nanoseconds patience) {
    auto found = io_.poll() > 0;
    if (patience.count() == 0)
      return found;
    auto deadline = clock_type::now() + patience;
    while (clock_type::now() < deadline && !io_.stopped())
      if (io_.poll() > 0) {
        found = true;
        deadline = clock_type::now() + patience;
      }
    return found;
  }

  std::vector<caf::strong_actor_ptr> living_tenants() {
    auto result = std::vector<caf::strong_actor_ptr>{};
    auto guard = std::lock_guard{mutex_};
    for (auto& [id, tenant] : tenants_)
      if (auto ptr = tenant.lock())
        result.push_back(std::move(ptr));
    return result;
  }

  caf::actor_system& sys_;
  std::chrono::nanoseconds spin_;
  boost::asio::io_context io_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::atomic<bool> ending_ = false;
  std::atomic<bool> ended_ = false;
  mutable std::mutex mutex_;
  std::map<caf::actor_id, caf::weak_actor_ptr> tenants_;
  offload_thread offload_;
  std::thread thread_;
};

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
