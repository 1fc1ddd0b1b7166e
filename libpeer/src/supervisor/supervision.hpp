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

/// One child of a `supervision`.
struct child_record {
  std::string id;
  child_spec spec;
  std::vector<term> arguments; ///< of a child of `simple_one_for_one`
  child_state state = child_state::undefined;
  std::uint64_t generation = 0; ///< of the last start
  std::uint64_t restarts = 0;   ///< starts because of a restart rule
  error last_end;
  std::uint64_t retry = 0; ///< stands for the delayed restart that counts; others are out of date
  backoff_state backoff;
  bool awaited = false;                  ///< an answer of the host about it has to come before anything else happens
  std::shared_ptr<child_spec> successor; ///< the spec that it is started with next, if that is another one
};

/// OTP's supervisor as a machine without actors, processes or a clock: requests and ends of children in, starts and
/// stops of children out. Rules and order of all of them are those of stdlib's supervisor.erl (OTP 25).
///
/// Like that it does one thing at a time, in the order in which it was told: what happens while children are being
/// started or stopped waits. Except for its own stop, which cuts short what it is doing; OTP's would wait.
class supervision {
public:
  using time_point = std::chrono::steady_clock::time_point;

  /// Is told when a request was carried out, or why it was not.
  using done = std::function<void(const error&)>;

  /// The same for a request that makes a child: its id.
  using done_with_id = std::function<void(caf::expected<std::string>)>;

  /// Does what the machine wants done. May answer from within a call, or later.
  class host {
  public:
    virtual ~host();

    /// Starts the child, with `generation` as its name. Answered with `on_ready`, `on_ignored` or `on_start_failed`.
    virtual void start(const child_record& child) = 0;

    /// Stops a child that runs or is being started, as its spec says. Answered with `on_stopped`; answers to `start`
    /// and ends that are on their way then do not matter any more.
    virtual void stop(const child_record& child) = 0;

    /// Calls `on_retry` with these after that time.
    virtual void retry_after(const child_record& child, caf::timespan delay) = 0;

    /// The child's spec has been dropped.
    virtual void forget(const child_record& child) = 0;

    /// Something happened; `event.child` names a child that exists.
    virtual void report(const child_record& child, event_kind what, const error& why, caf::timespan delay) = 0;

    /// All children have ended, and nothing follows. `why` is the reason to exit with; no error for `normal`.
    virtual void finished(error why) = 0;

    virtual time_point now() = 0;

    /// A number from 0 to 1.
    virtual double random() = 0;
  };

  // -- constructors, destructors ---

  /// @param spec a valid one
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

  /// Makes the children what `children` says: those that are not in it, or differ by their `revision`, are stopped (in
  /// reverse order); then those that are new or differ are started, in order, and the others go on, with the new spec
  /// from their next start on (that of a supervisor may have other children). Fails with
  /// `errc::failed_to_start_child` after all that if children could not be started; these are `undefined` then.
  void apply(supervisor_spec spec, done then);

  /// Stops everything and finishes with that reason.
  void shut_down(error why);

  /// Answers everybody who waits with `why`, and does nothing any more: the host is about to go.
  void abandon(const error& why);

  // -- what becomes of children ---

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

  /// Whether it stops, or has stopped.
  bool shutting_down() const noexcept { return why_.has_value(); }

private:
  enum class purpose { boot, add, restart_rule, on_request, termination, apply, shutdown };

  /// Something that takes several steps.
  struct plan {
    purpose what;
    std::vector<std::string> stops = {};   ///< still to be done, the next one first
    std::vector<std::string> starts = {};  ///< likewise, after the stops
    done then = {};                        ///< null if nobody waits
    error failed = {};                     ///< what could not be done
    std::vector<std::string> removed = {}; ///< specs that are dropped when it is done
  };

  bool simple() const noexcept { return flags_.strategy == restart_strategy::simple_one_for_one; }

  child_record* lookup(std::string_view id) noexcept;
  child_record* in_state(std::string_view id, std::uint64_t generation, child_state wanted) noexcept;

  // -- the loop ---

  void enqueue(std::function<void()> task);
  void run();
  bool step();
  void start_next();
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
  std::list<child_record> children_; ///< whose elements stay where they are
  std::uint64_t instances_ = 0;      ///< of the pattern, so far
  restart_counter counter_;
  std::optional<plan> plan_;
  std::size_t awaited_ = 0; ///< children that are `awaited`
  std::deque<std::function<void()>> tasks_;
  bool running_ = false;
  bool over_ = false;
  std::optional<error> why_; ///< the reason of its end, once that has begun
};

} // namespace peer::internal::supervisor
