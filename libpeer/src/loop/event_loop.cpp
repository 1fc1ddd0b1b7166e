// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#include "loop/event_loop.hpp"

#include "loop/crew.hpp"
#include "loop/dispatcher.hpp"
#include "loop/helpers.hpp"
#include "loop/job_list.hpp"
#include "loop/offload_threads.hpp"
#include "loop/reactor.hpp"
#include "loop/serial_thread.hpp"
#include "loop/tenant_host.hpp"
#include "peer/detail/defaults.hpp"
#include "peer/error.hpp"

#include "caf/actor_registry.hpp"
#include "caf/all.hpp"

#include <atomic>
#include <exception>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include <pthread.h>

namespace peer::internal::loop {

namespace {

using clock_type = std::chrono::steady_clock;

/// The name under which a system's registry holds its loop.
constexpr auto registry_name = "libpeer.loop";

/// When to try again to run jobs after the system could not start a thread. A job that returns ends the wait, too.
constexpr auto retry_time = std::chrono::milliseconds{10};

// -- the loop ---------------------------------------------------------------------------------------------------------

class event_loop_impl final : public event_loop {
public:
  event_loop_impl(caf::actor_system& sys, std::chrono::nanoseconds spin)
      : sys_(sys), spin_(spin), tenants_(sys, [this] { reactor_.wake(); }) {}

  void start_running() {
    starter_.start();
    crew_.start();
  }

  /// Kills the pinned actors, runs what that takes and joins the threads. @pre not called by one of them.
  void finish() {
    if (forked_)
      return;
    ending_ = true;
    helpers_.close();
    starter_.stop(); // what it has started is known before the actors are killed
    post([this] {
      tenants_.kill_all();
      jobs_.close();
      reactor_.end(); // what the killed actors leave behind still runs, then the loop is over
    });
    crew_.finish();
    offload_.stop();
    ended_ = true;
    run_late_messages();
  }

  /// Whether `finish` was called, or would be of no use.
  bool ending() const noexcept { return ending_ || forked_; }

  /// Called in a forked child, which has no other thread.
  void abandon() noexcept { forked_ = true; }

  // -- properties ---

  boost::asio::io_context& io() noexcept override { return reactor_.io(); }

  void post(std::function<void()> task) override { reactor_.post(std::move(task)); }

  base::actor_host& host() noexcept override { return tenants_; }

  caf::actor_system& system() noexcept override { return sys_; }

  bool in_this_thread() const noexcept override { return reactor_.in_this_thread(); }

  bool ended() const noexcept override { return ended_ || forked_; }

  std::chrono::nanoseconds spin() const noexcept override { return spin_; }

  // -- blocking work ---

  void execute(job_ptr work) override { jobs_.add(std::move(work)); }

  std::size_t jobs() const noexcept override { return jobs_.count(); }

  void offload(std::function<void()> task, const void* queue) override { offload_.add(std::move(task), queue); }

  void run_callback(std::function<void()> task, const void* queue) override {
    offload_.add(std::move(task), queue, offload_threads::kind::callback);
  }

  void after_offloaded(std::function<void()> task) override { offload_.add_after_all(std::move(task)); }

  bool start_process(std::function<void()> task) override { return starter_.add(std::move(task)); }

  int ending_fd() const noexcept override { return offload_.ending_fd(); }

  // -- bookkeeping of pinned actors ---

  void enroll(const caf::strong_actor_ptr& tenant) override { tenants_.enroll(tenant); }

  void withdraw(caf::actor_id tenant) noexcept override { tenants_.withdraw(tenant); }

  bool is_home_of(const caf::abstract_actor& whom) const noexcept override { return tenants_.contains(whom); }

  std::size_t tenants() const noexcept override { return tenants_.count(); }

  // -- threads that help ---

  helpers& helping() noexcept override { return helpers_; }

private:
  /// Runs what arrived after the last driver had left, so that each request is answered.
  void run_late_messages() {
    reactor_.enter();
    while (tenants_.run_ready())
      ; // the actors have been killed
    reactor_.leave();
  }

  // -- the driver ---

  /// Runs the loop until it is over, or until another thread takes over: then returns the job that took so long.
  job_ptr drive() {
    reactor_.enter();
    auto patience = spin_;
    auto held_up = job_ptr{};
    jobs_.finish_completed(); // those of the driver before
    while (!held_up && !dispatcher_.over()) {
      auto found = poll_for(patience, held_up);
      if (held_up || dispatcher_.over())
        break;
      patience = found ? spin_ : patience / 2;
      auto asleep = clock_type::now();
      sleep();
      // A nap shorter than the full spin means that spinning would have saved a wake-up.
      if (clock_type::now() - asleep < spin_)
        patience = spin_;
    }
    reactor_.leave();
    return held_up;
  }

  /// Runs handlers and jobs until none became ready for `patience`, or a helper wants to drive. Returns whether there
  /// were any; `held_up` receives the job during which another thread took over.
  bool poll_for(std::chrono::nanoseconds patience, job_ptr& held_up) {
    auto found = false;
    auto deadline = clock_type::now() + patience;
    for (;;) {
      auto busy = dispatcher_.run_ready();
      if (jobs_.waiting() && crew_.can_take_over()) {
        busy = true;
        held_up = run_jobs();
      }
      if (held_up || dispatcher_.over())
        return true;
      auto now = clock_type::now();
      if (!busy && (helpers_.wanted() || now >= deadline))
        return found;
      if (busy) {
        found = true;
        deadline = now + patience;
      } else {
        yield_after(deadline - patience, now);
      }
    }
  }

  void sleep() {
    auto limit = std::optional<std::chrono::milliseconds>{};
    if (jobs_.waiting())
      limit = retry_time;
    if (!helpers_.sleep(limit))
      dispatcher_.sleep(limit);
  }

  /// Runs jobs, but not for so long that their results have to wait. Returns the one during which another thread took
  /// over.
  job_ptr run_jobs() {
    reactor_.leave(); // a job is not on the loop
    auto held_up = jobs_.run(crew_, defaults::takeover);
    if (held_up)
      return held_up;
    reactor_.enter();
    if (tenants_.ready())
      dispatcher_.run_ready(); // messages that a job has sent precede its result
    jobs_.finish_completed();
    return nullptr;
  }

  void hand_in(job_ptr done) {
    post([this, done = std::shared_ptr<job>{std::move(done)}] { jobs_.finish(*done); });
  }

  // -- member variables ---

  caf::actor_system& sys_;
  std::chrono::nanoseconds spin_;
  reactor reactor_;
  job_list jobs_;
  tenant_host tenants_;
  dispatcher dispatcher_{reactor_, tenants_};
  helpers helpers_{reactor_, dispatcher_, jobs_, spin_};
  std::atomic<bool> ending_ = false;
  std::atomic<bool> ended_ = false;
  std::atomic<bool> forked_ = false;
  offload_threads offload_;
  serial_thread starter_; ///< of processes
  crew crew_{{[this] { return drive(); }, [this](job_ptr done) { hand_in(std::move(done)); }},
             defaults::takeover,
             defaults::max_workers};
};

// -- the loops of the process -----------------------------------------------------------------------------------------

using impl_ptr = std::shared_ptr<event_loop_impl>;

/// Finds loops by their actor systems. CAF's registry owns the loops, but cannot be asked for one: it holds its lock
/// while it destroys a loop, which waits for threads that may run the host's callbacks.
class loop_table {
public:
  static loop_table& instance() {
    static auto& result = *new loop_table; // never destroyed: the program may fork until it has ended
    return result;
  }

  /// The loop of `sys`, made by `make` if there is none.
  template <class F>
  caf::expected<impl_ptr> find_or(caf::actor_system& sys, F make) {
    auto guard = std::lock_guard{mutex_};
    auto& entry = loops_[&sys];
    if (!entry) {
      auto made = make();
      if (!made) {
        loops_.erase(&sys);
        return made;
      }
      entry = std::move(*made);
    }
    return entry;
  }

  impl_ptr find(caf::actor_system& sys) {
    auto guard = std::lock_guard{mutex_};
    auto i = loops_.find(&sys);
    return i == loops_.end() ? nullptr : i->second;
  }

  void remove(caf::actor_system& sys) {
    auto guard = std::lock_guard{mutex_};
    loops_.erase(&sys);
  }

private:
  loop_table() {
    pthread_atfork([] { instance().mutex_.lock(); }, [] { instance().mutex_.unlock(); },
                   [] {
                     for (auto& [sys, loop] : instance().loops_)
                       loop->abandon();
                     instance().mutex_.unlock();
                   });
  }

  std::mutex mutex_;
  std::map<caf::actor_system*, impl_ptr> loops_;
};

// -- the loop's owner -------------------------------------------------------------------------------------------------

/// Owns the loop on behalf of the system: its registry holds the only reference, and drops it in `~actor_system` when
/// all counted actors are done and the scheduler has stopped. It is never launched and receives no messages.
class loop_anchor final : public caf::event_based_actor {
public:
  loop_anchor(caf::actor_config& cfg, impl_ptr owned) : caf::event_based_actor(cfg), loop_(std::move(owned)) {}

  ~loop_anchor() override {
    loop_->finish();
    loop_table::instance().remove(loop_->system());
  }

private:
  impl_ptr loop_;
};

/// Starts the loop of `sys`, which becomes its owner.
caf::expected<impl_ptr> start_loop(caf::actor_system& sys) {
  try {
    auto spin = caf::get_or(sys.config(), "peer.spin", caf::timespan{defaults::spin});
    auto result = std::make_shared<event_loop_impl>(sys, spin);
    result->start_running();
    caf::actor_config cfg{&result->host()};
    auto anchor =
        caf::make_actor<loop_anchor, caf::strong_actor_ptr>(sys.next_actor_id(), sys.node(), &sys, cfg, result);
    sys.registry().put(registry_name, anchor);
    return result;
  } catch (const std::exception& failed) { // no thread, no descriptor, no memory
    return fail(errc::system_failure, std::string{"cannot start the event loop of libpeer: "} + failed.what());
  }
}

} // namespace

event_loop::~event_loop() = default;

bool event_loop::any_in_this_thread() noexcept {
  return reactor::any_in_this_thread();
}

caf::expected<event_loop_ptr> event_loop::of(caf::actor_system& sys) {
  auto result = loop_table::instance().find_or(sys, [&sys] { return start_loop(sys); });
  if (!result)
    return std::move(result.error());
  if ((*result)->ending())
    return fail(errc::noproc, "the actor system is ending, or belongs to the parent of a forked process");
  return event_loop_ptr{std::move(*result)};
}

event_loop_ptr event_loop::find(caf::actor_system& sys) {
  return loop_table::instance().find(sys);
}

} // namespace peer::internal::loop
