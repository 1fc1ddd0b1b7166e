// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/loop.hpp"

#include "loop/crew.hpp"
#include "loop/offload_thread.hpp"
#include "loop/reactor_watch.hpp"
#include "loop/ready_queue.hpp"
#include "peer/detail/defaults.hpp"

#include "caf/actor_registry.hpp"
#include "caf/all.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>

#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstdint>
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

namespace peer::internal::loop {

namespace {

using clock_type = std::chrono::steady_clock;

/// The name under which a system's registry holds its loop.
constexpr auto registry_name = "libpeer.loop";

/// How long jobs wait for the system to have a thread again, unless one of ours becomes free.
constexpr auto retry_time = std::chrono::milliseconds{10};

/// How long a thread that polls keeps its core from others.
constexpr auto selfish_time = std::chrono::microseconds{10};

/// How long a thread that wants to help waits for one that leads and has nothing to do.
constexpr auto handover_patience = std::chrono::microseconds{20};

/// Messages that an actor may process before another one gets its turn.
constexpr std::size_t max_throughput = 100;

/// Handlers that run before actors, and what a helper waits for, are looked at again: some descriptors are always
/// ready.
constexpr auto max_handlers = 16;

/// The signals that the caller blocks.
sigset_t signal_mask() {
  sigset_t result;
  pthread_sigmask(SIG_SETMASK, nullptr, &result);
  return result;
}

int make_eventfd() {
  auto result = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
  if (result < 0)
    throw std::system_error{errno, std::generic_category(), "eventfd"};
  return result;
}

// -- the loop ---------------------------------------------------------------------------------------------------------

class loop_impl final : public loop, private base::custom_actor_host {
public:
  loop_impl(caf::actor_system& sys, std::chrono::nanoseconds spin)
      : base::custom_actor_host(sys), sys_(sys), spin_(spin), work_(io_.get_executor()) {
    await_wakeup();
  }

  ~loop_impl() override {
    if (wakeup_.is_open())
      wakeup_.close();
    else
      close(wakeup_fd_);
  }

  void start_running() { crew_.start(); }

  /// Kills the pinned actors, runs what that takes and joins the threads. @pre not called by one of them.
  void finish() {
    post([this] {
      ending_ = true;
      for (auto& tenant : living_tenants())
        caf::anon_send_exit(tenant, caf::exit_reason::kill);
      drop_waiting_jobs();
      wakeup_.release();
      work_.reset(); // what the killed actors leave behind still runs, then the loop is over
    });
    crew_.finish();
    offload_.stop();
    ended_ = true;
  }

  // -- loop ---

  boost::asio::io_context& io() noexcept override { return io_; }

  void post(std::function<void()> task) override {
    boost::asio::post(io_, std::move(task));
    posted_ = true;
    wake();
  }

  base::actor_host& host() noexcept override { return *this; }

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

  bool is_home_of(const caf::abstract_actor& whom) const noexcept override {
    auto guard = std::lock_guard{mutex_};
    return tenants_.contains(whom.id()) && whom.node() == sys_.node(); // other nodes count from 1, too
  }

  std::size_t tenants() const noexcept override {
    auto guard = std::lock_guard{mutex_};
    return tenants_.size();
  }

private:
  /// Where the thread is that leads.
  enum class place : std::uint8_t { crew, helper, nowhere };

  // -- custom_actor_host ---

  void run_later(caf::resumable* what) override {
    if (what->subtype() == caf::resumable::io_actor) {
      ready_.add(what);
      wake();
    } else if (!ending_) {
      base::schedule(sys_, what);
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
    while (!held_up && !over()) {
      auto found = poll_for(patience, held_up);
      if (held_up || over())
        break;
      patience = found ? spin_ : patience / 2;
      auto asleep = clock_type::now();
      sleep();
      // A nap shorter than the full spin means that spinning would have saved a wake-up.
      if (clock_type::now() - asleep < spin_)
        patience = spin_;
    }
    led_here = nullptr;
    return held_up;
  }

  /// Runs handlers and jobs until none became ready for `patience`, or somebody would rather wait here than the caller.
  /// Returns whether there were any; `held_up` receives the job during which the lead was lost.
  bool poll_for(std::chrono::nanoseconds patience, std::unique_ptr<job>& held_up) {
    auto found = false;
    auto deadline = clock_type::now() + patience;
    for (;;) {
      auto busy = run_ready();
      if (!waiting_.empty() && crew_.can_hand_over()) {
        busy = true;
        held_up = run_jobs();
      }
      if (held_up || over())
        return true;
      auto now = clock_type::now();
      if (!busy && (would_help_ > 0 || now >= deadline))
        return found;
      if (busy) {
        found = true;
        deadline = now + patience;
      } else {
        let_others_run(deadline - patience, now);
      }
    }
  }

  /// Whoever waits for this core may be who we wait for. But to yield it costs more than to look once more.
  static void let_others_run(clock_type::time_point idle_since, clock_type::time_point now) {
    if (now - idle_since > selfish_time)
      std::this_thread::yield();
  }

  /// Sleeps until there is something to do; helpers may lead meanwhile.
  void sleep() {
    auto limit = std::optional<std::chrono::milliseconds>{};
    if (!waiting_.empty())
      limit = retry_time; // no thread was to be had
    if (!shared_ || ending_)
      return sleep_in_reactor(limit);
    give_up_lead();
    do
      reactor_watch_->wait(limit);
    while (!take_free_lead(place::crew));
    asleep_ = false;
  }

  // -- helpers ---

  /// Makes it possible that helpers lead. Returns whether it is.
  bool can_be_shared() {
    std::call_once(sharing_, [this] {
      reactor_watch_ = reactor_watch::of_the_one_that_watches(wakeup_fd_);
      shared_ = reactor_watch_.has_value();
      post([] {}); // who leads and sleeps does so in a way that lets nobody else lead
    });
    return shared_;
  }

  /// Takes the lead from a thread of the crew that sleeps, or spins with nothing to do.
  bool take_lead() override {
    if (!can_be_shared() || led_here != nullptr)
      return false;
    auto taken = take_free_lead(place::helper);
    if (!taken) {
      ++would_help_;
      auto deadline = clock_type::now() + handover_patience;
      while (!taken && leads_ != place::helper && clock_type::now() < deadline) {
        std::this_thread::yield();
        taken = take_free_lead(place::helper);
      }
      --would_help_;
    }
    if (!taken)
      return false;
    reactor_watch_->disarm();
    sigset_t pipe;
    sigemptyset(&pipe);
    sigaddset(&pipe, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe, &helpers_mask_);
    led_here = this;
    asleep_ = false;
    return true;
  }

  void lead_until(const std::function<bool()>& done) noexcept override {
    auto deadline = clock_type::now() + spin_;
    for (;;) {
      auto busy = run_ready();
      if (done() || !waiting_.empty() || over()) // only the crew runs jobs
        return;
      auto now = clock_type::now();
      if (!busy && now < deadline) {
        let_others_run(deadline - spin_, now);
        continue;
      }
      if (!busy)
        sleep_in_reactor(std::nullopt);
      deadline = clock_type::now() + spin_;
    }
  }

  void leave_lead() noexcept override {
    led_here = nullptr;
    if (!waiting_.empty())
      wake_reactor();
    auto mask = helpers_mask_;
    give_up_lead();
    pthread_sigmask(SIG_SETMASK, &mask, nullptr);
  }

  bool take_free_lead(place who) {
    auto free = place::nowhere;
    return leads_.compare_exchange_strong(free, who);
  }

  /// Leaves the lead to whoever wants it, and to the crew at the next event.
  void give_up_lead() noexcept {
    asleep_ = true;
    if (!nothing_ready())
      wake_reactor();
    leads_ = place::nowhere;
    reactor_watch_->arm(); // after that: else the crew might find the lead taken, and sleep on
  }

  // -- sleep ---

  void sleep_in_reactor(std::optional<std::chrono::milliseconds> limit) {
    asleep_ = true;
    if (nothing_ready())
      limit ? io_.run_one_for(*limit) : io_.run_one();
    asleep_ = false;
  }

  /// Wakes who sleeps, or is about to. Who leads looks at what is ready before it sleeps.
  void wake() {
    if (led_here == this || !asleep_.exchange(false))
      return;
    if (ending_)
      boost::asio::post(io_, [] {});
    else
      wake_reactor();
  }

  /// Gives the reactor an event. A handler that is posted is none, and `reactor_watch` would not notice it.
  void wake_reactor() { eventfd_write(wakeup_fd_, 1); }

  void await_wakeup() {
    wakeup_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [this](const boost::system::error_code& code) {
      if (code)
        return;
      auto count = eventfd_t{};
      eventfd_read(wakeup_fd_, &count);
      await_wakeup();
    });
  }

  // -- what is ready ---

  /// Runs actors and handlers that are ready, perhaps not all. Returns whether there were any.
  bool run_ready() {
    posted_ = false;
    auto resumed = ready_.take_all([this](caf::resumable* what) { resume(what); });
    if (resumed && io_.stopped())
      io_.restart(); // they may have given it something to do
    auto handled = 0;
    while (handled < max_handlers && io_.poll_one() > 0)
      ++handled;
    if (handled == max_handlers)
      posted_ = true; // for all that is known
    return handled > 0 || resumed;
  }

  /// Whether the system has ended, and nothing is left to do.
  bool over() const { return io_.stopped() && ready_.empty(); }

  /// Whether there is nothing that only this program knows of.
  bool nothing_ready() const noexcept { return ready_.empty() && !posted_; }

  // -- jobs ---

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
      if (!ready_.empty())
        run_ready(); // what a function has sent comes before its result
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
    post([this, done = std::shared_ptr<job>{std::move(done)}] {
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

  sigset_t helpers_mask_; ///< what the helper that leads had blocked

  caf::actor_system& sys_;
  std::chrono::nanoseconds spin_;
  sigset_t outer_mask_ = signal_mask();
  boost::asio::io_context io_{1};
  int wakeup_fd_ = make_eventfd();
  boost::asio::posix::stream_descriptor wakeup_{io_, wakeup_fd_};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_;
  std::deque<std::unique_ptr<job>> waiting_;   ///< belongs to the leader, as does what follows
  std::vector<std::unique_ptr<job>> returned_; ///< have run and not finished
  std::atomic<std::size_t> jobs_ = 0;
  ready_queue ready_;
  std::atomic<bool> posted_ = false; ///< to Asio, and perhaps not run yet
  std::atomic<bool> asleep_ = false; ///< who leads, or nobody does, and sleeps or is about to
  std::atomic<place> leads_ = place::crew;
  std::atomic<std::size_t> would_help_ = 0; ///< threads that wait for the lead
  std::atomic<bool> shared_ = false;        ///< helpers may lead
  std::once_flag sharing_;
  std::optional<reactor_watch> reactor_watch_; ///< if it is shared: where the crew sleeps
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

} // namespace peer::internal::loop
