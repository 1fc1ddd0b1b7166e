// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "descriptor.hpp"
#include "peer/peer.hpp"
#include "signals.hpp"

#include "caf/actor.hpp"
#include "caf/error.hpp"
#include "caf/fwd.hpp"

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

namespace peerctl {

/// The peer of one command, and the command's output. SIGINT, SIGTERM or SIGHUP stops the peer by its options, also
/// while it boots; a second one, or SIGQUIT, kills it. These signals must be blocked. The end of the reader of standard
/// output has the effect of a signal, SIGPIPE.
class peer_session {
public:
  explicit peer_session(caf::actor_system& sys);

  /// Kills the peer if it runs.
  ~peer_session();

  // -- the peer ---

  /// Starts the peer and waits for its boot, unless the options do not. If this fails, nothing is left of it.
  caf::error start(peer::start_options options);

  /// The peer that was started.
  const peer::handle& worker() const { return *worker_; }

  /// Stops the peer unless it has ended, waits for its end, and prints the processes that it has left behind.
  void stop();

  /// Waits for the peer's end and prints the same. Returns why it ended; nothing if it was stopped.
  caf::error await_end();

  /// How the peer's process ended, if that is known. @pre `stop` or `await_end` has returned
  std::optional<peer::exit_status> exit_status() const;

  // -- signals ---

  /// The signal that stopped the peer, or 0.
  int interrupted() const noexcept { return interrupted_; }

  /// A descriptor that becomes readable when a signal has arrived or the peer has ended.
  int wake_up() const noexcept;

  // -- output ---

  /// Waits until the peer's output has been written.
  void flush();

  /// Prints a text on standard output.
  void print(std::string_view text);

  /// Prints a line on standard error.
  void complain(const std::string& text);

  /// The status that the program exits with: 128 + signal if it was interrupted, `output_failed`, or else `result`.
  int status(int result) const;

private:
  struct peer_end;

  /// Waits for the end of the peer, and stops or kills it.
  static caf::behavior watch(caf::event_based_actor* self, const peer::control_actor& control,
                             const std::shared_ptr<peer_end>& end);

  void on_signal(int number);
  void on_output_error(const std::string& what, int code);
  bool begin_to_end(int number);
  void print_survivors();

  caf::actor_system& sys_;
  std::shared_ptr<peer_end> end_;
  std::atomic<int> interrupted_ = 0;
  std::atomic<int> output_error_ = 0; ///< errno of the first write that failed
  std::mutex mutex_;                  ///< of `watcher_`
  caf::actor watcher_;
  std::optional<peer::handle> worker_;
  descriptor signaled_; ///< readable when a signal has arrived
  signal_copies copies_;
  std::optional<signal_watch> signals_;
};

} // namespace peerctl
