// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "loop/event_loop.hpp"
#include "node/function_table.hpp"
#include "node/job_queue.hpp"
#include "peer/detail/bytes.hpp"
#include "peer/detail/function.hpp"
#include "peer/term.hpp"

#include "caf/error.hpp"
#include "caf/timespan.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

namespace peer::internal::node {

/// A call or cast of a function.
struct invocation {
  const detail::function* found; ///< result of `call_runner::find`; null if there is no such function
  std::string module;
  std::string function;
  byte_buffer arguments; ///< an encoded proper list
};

/// Runs calls and casts of functions for a node's session and for the actor of a `functions`. It queues them in order,
/// starts as many as can run at the same time, bounds those that wait, requests their stop when the caller no longer
/// waits, and answers. One timer serves all deadlines. Belongs to the loop's thread.
///
/// Functions that run when the runner is destroyed run to their end; their results are dropped.
class call_runner : public std::enable_shared_from_this<call_runner> {
public:
  using call_id = std::uint64_t;

  /// Receives the end of a call, once, on the loop: the outcome, or an error: `errc::timeout` without text, or the
  /// reason of `abandon`. After an error `how` has no meaning.
  using answered = std::function<void(const caf::error& failed, const outcome& how)>;

  /// Callbacks for the threads that run functions. May outlive the runner.
  struct environment {
    std::shared_ptr<const function_table> functions;

    /// Makes the pid of a call. Called by any thread.
    std::function<pid()> make_pid;

    /// Reports a cast that failed. Called by the thread that ran it. Empty: nothing is reported.
    std::function<void(const invocation& what, const outcome& how)> on_failed_cast = {};

    /// Called by the thread that has run a function, before its result is sent. Empty: nothing is called.
    std::function<void()> on_ran = {};
  };

  // -- constructors, destructors ---

  /// @param may_begin whether a function may begin now, apart from the number of those that run; empty: always.
  call_runner(loop::event_loop_ptr where, load_limits limits, environment env, std::function<bool()> may_begin = {});
  call_runner(const call_runner&) = delete;
  call_runner& operator=(const call_runner&) = delete;
  ~call_runner();

  // -- properties ---

  /// Finds the function for a call. Null if there is none. The pointer is valid as long as the table.
  const detail::function* find(std::string_view module, std::string_view function, const_byte_span arguments) const;

  /// Whether another call can be accepted: it begins at once, or there is room for it to wait.
  bool has_room() const { return queue_.has_room(); }

  /// Calls and casts that have not begun.
  std::size_t waiting() const noexcept { return queue_.waiting(); }

  // -- calls ---

  /// Runs a function when its turn comes. @pre `has_room`. @param done empty for a cast. @param timeout after that the
  /// call is answered with `errc::timeout` and its stop is requested; `caf::infinite`: never
  call_id run(invocation what, answered done, caf::timespan timeout = caf::infinite);

  /// Runs a function before all that wait, even if no other may begin.
  call_id run_at_once(invocation what, answered done);

  /// Requests the stop of a call. It is answered nevertheless. No effect if it has been answered.
  void cancel(call_id id);

  /// Answers all calls with `why` and requests their stop.
  void abandon(const caf::error& why);

  /// Requests the stop of all calls and casts, and calls `idle` as soon as all of them have returned. Those that wait
  /// still begin, unless `may_begin` forbids it: then they are dropped.
  void stop(std::function<void()> idle);

  /// Asks `may_begin` again, and begins what waits if it may. Returns whether it may.
  bool reconsider();

private:
  using time_point = std::chrono::steady_clock::time_point;

  class call_job;
  class timer;

  /// A call or cast that has not been answered.
  struct entry {
    answered done;
    std::stop_source stop{std::nostopstate}; ///< with a state if the function asks for it
    time_point deadline = time_point::max();
  };

  std::unique_ptr<call_job> make_job(invocation what, answered done, caf::timespan timeout);
  entry take(std::unordered_map<call_id, entry>::iterator where);
  void update_held();
  void request_stop(const std::stop_source& source);
  void on_returned(call_id id, const outcome& how);
  void on_skipped(std::unique_ptr<call_job> job, std::size_t bytes, std::uint64_t number);
  void end_if_idle();
  void watch_deadlines();
  void on_timer();

  loop::event_loop_ptr where_;
  std::shared_ptr<const environment> env_;
  std::function<bool()> may_begin_;
  job_queue queue_;
  std::shared_ptr<std::atomic<bool>> held_; ///< what was handed to a thread is not to begin
  std::unordered_map<call_id, entry> entries_;
  call_id last_ = 0;
  std::size_t unreturned_ = 0; ///< calls and casts that wait or run
  std::set<std::pair<time_point, call_id>> deadlines_;
  std::unique_ptr<timer> timer_;              ///< null until there is a deadline
  time_point timer_time_ = time_point::max(); ///< when it fires
  bool stopping_ = false;
  std::function<void()> idle_;
};

} // namespace peer::internal::node
