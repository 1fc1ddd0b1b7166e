// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "peer/child_spec.hpp"
#include "peer/error.hpp"
#include "peer/supervisor_actor.hpp"
#include "supervisor/backoff_state.hpp"
#include "supervisor/restart_counter.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace peer::internal::supervisor {

/// What a child is started or stopped for.
enum class purpose { boot, add, restart_rule, on_request, termination, apply, shutdown };

/// One child of a `supervision`.
struct child_record {
  std::string id;
  child_spec spec;
  std::vector<term> arguments; ///< of a child of `simple_one_for_one`
  child_state state = child_state::undefined;
  std::uint64_t generation = 0; ///< of the last start
  purpose started_for = purpose::boot;
  std::uint64_t restarts = 0; ///< starts because of a restart rule
  error last_end;
  std::uint64_t retry = 0; ///< number of the pending delayed restart; earlier ones are outdated
  backoff_state backoff;
  bool awaited = false;                  ///< nothing else happens before the host has answered for it
  std::shared_ptr<child_spec> successor; ///< the spec of its next start, if it differs
};

/// OTP's supervisor as a machine without actors, processes or a clock: requests and ends of children in, starts and
/// stops of children out. Their rules and order are those of stdlib's supervisor.erl (OTP 25).
///
/// Events are processed one at a time, in the order of their arrival: they wait while children are being started or
/// stopped. The exception is `shut_down`, which interrupts the current plan; in OTP it would wait. With
/// `concurrent_starts` the ends of children do not wait for starts either.
class supervision {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Called when a request was carried out, or with the error.
  using done = std::function<void(const error&)>;

  /// The same for a request that makes a child; receives its id.
  using done_with_id = std::function<void(caf::expected<std::string>)>;

  /// Carries out the machine's orders. May answer from within a call, or later.
  class host {
  public:
    virtual ~host();

    /// Starts the child. Answered with `on_ready`, `on_ignored` or `on_start_failed` for its `generation`.
    virtual void start(const child_record& child) = 0;

    /// Stops a child that runs or is being started, as its spec requires. Answered with `on_stopped`; pending answers
    /// to `start` and ends are then ignored.
    virtual void stop(const child_record& child) = 0;

    /// Calls `on_retry` for the child and its `retry` after that time.
    virtual void retry_after(const child_record& child, caf::timespan delay) = 0;

    /// The child's spec has been dropped.
    virtual void forget(const child_record& child) = 0;

    /// Something happened; `event.child` names a child that exists.
    virtual void report(const child_record& child, event_kind what, const error& why, caf::timespan delay) = 0;

    /// All children have ended. Called last. `why` is the exit reason; no error for `normal`.
    virtual void finished(error why) = 0;

    virtual time_point now() = 0;

    /// A number from 0 to 1.
    virtual double random() = 0;
  };

  // -- constructors, destructors ---

  /// @param spec must be valid
  supervision(host& backend, supervisor_spec spec);

  // -- requests; each is answered once ---

  /// Starts the children, in order. If one fails, those before it are stopped, and the end is `finished` with an
  /// `errc::failed_to_start_child`.
  void boot(done then);

  /// Adds a child and starts it (OTP: supervisor:start_child/2).
  void start_child(child_spec spec, done_with_id then);

  /// Adds a child of `simple_one_for_one`.
  void start_child(std::vector<term> arguments, done_with_id then);

  void terminate_child(std::string id, done then);
  void restart_child(std::string id, done then);
  void delete_child(std::string id, done then);

  /// Replaces the specs. Children that are missing in `spec` or differ in their `revision` are stopped, in reverse
  /// order; then those that are new or differ are started, in order. The others keep running, and use the new spec from
  /// their next start on (that of a supervisor may list other children). Children that cannot be started become
  /// `undefined`; the request then fails with `errc::failed_to_start_child` in the end.
  void apply(supervisor_spec spec, done then);

  /// Stops everything and finishes with that reason.
  void shut_down(error why);

  /// Answers all pending requests with `why` and ends all activity, since the host is about to be destroyed.
  void abandon(const error& why);

  // -- events of children ---

  void on_ready(std::string_view id, std::uint64_t generation);
  void on_ignored(std::string_view id, std::uint64_t generation);
  void on_start_failed(std::string_view id, std::uint64_t generation, error why);
  void on_stopped(std::string_view id, std::uint64_t generation, error why);
  void on_exit(std::string_view id, std::uint64_t generation, error why);
  void on_retry(std::string_view id, std::uint64_t retry);

  // -- properties ---

  const supervisor_flags& flags() const noexcept { return flags_; }

  /// The pattern of `simple_one_for_one`.
  const child_spec* pattern() const noexcept { return pattern_ ? &*pattern_ : nullptr; }

  /// In the order of their starts.
  const std::list<child_record>& children() const noexcept { return children_; }

  const child_record* find(std::string_view id) const noexcept;

  /// Whether it is stopping or has stopped.
  bool shutting_down() const noexcept { return why_.has_value(); }

private:
  /// An operation of several steps.
  struct plan {
    purpose what;
    std::vector<std::string> stops = {};   ///< pending, the next one first
    std::vector<std::string> starts = {};  ///< pending after the stops
    done then = {};                        ///< null if no request waits
    error failed = {};                     ///< the error for `then`
    std::vector<std::string> removed = {}; ///< specs to drop at the end
  };

  bool simple() const noexcept { return flags_.strategy == restart_strategy::simple_one_for_one; }

  child_record* lookup(std::string_view id) noexcept;
  child_record* in_state(std::string_view id, std::uint64_t generation, child_state wanted) noexcept;

  // -- the loop ---

  void enqueue(std::function<void()> task);
  void enqueue_end(std::function<void()> task);
  void run();
  bool run_task();
  bool step();
  bool stops_children() const noexcept;
  void start_next();
  void start(child_record& child, purpose what);
  void stop_next();
  void begin(plan what);
  void finish_plan();
  void await(child_record& child);
  void answered(child_record& child);

  // -- rules ---

  void add(child_record record, done_with_id then);
  void handle_exit(child_record& child, const error& why);
  void restart(child_record& child);
  void carry_out_restart(child_record& child);
  void delay_restart(child_record& child, caf::timespan delay);
  void start_has_failed(child_record& child, error why);
  void end_without_restart(child_record& child);
  void shut_down_if_significant(const child_spec& ended);
  void begin_shutdown(error why);
  void drop(std::string_view id);
  void drop_or_clear(child_record& child);
  bool outlives_its_stop(const child_record& child) const noexcept;

  host& host_;
  supervisor_flags flags_;
  std::optional<child_spec> pattern_;
  std::list<child_record> children_; ///< elements have stable addresses
  std::uint64_t instances_ = 0;      ///< started from the pattern so far
  restart_counter counter_;
  std::optional<plan> plan_;
  std::size_t awaited_ = 0; ///< children that are `awaited`
  std::deque<std::function<void()>> tasks_;
  std::deque<std::function<void()>> ends_; ///< of children, with `concurrent_starts`
  bool running_ = false;
  bool over_ = false;
  std::optional<error> why_; ///< the exit reason, once it is stopping
};

} // namespace peer::internal::supervisor
