// Part of libpeer, distributed under the BSD 3-Clause License. See LICENSE.

#pragma once

#include "connection/channel.hpp"
#include "console/group_leader.hpp"
#include "origin/alarm.hpp"
#include "origin/calls.hpp"
#include "origin/exposed_actors.hpp"
#include "origin/lifecycle.hpp"
#include "origin/metrics.hpp"
#include "origin/outbox.hpp"
#include "origin/pulse.hpp"
#include "peer/control_actor.hpp"
#include "peer/detail/bytes.hpp"
#include "peer/options.hpp"
#include "wire/message.hpp"

#include "caf/error.hpp"
#include "caf/typed_response_promise.hpp"

#include <cstddef>
#include <string>

namespace peer::internal::origin {

/// What passes between this program and one peer. Out: calls, casts, messages and answers. In: frames, each of which
/// goes to the call, the actor or the I/O server that it is for.
///
/// Belongs to the loop's thread.
class exchange {
public:
  class owner {
  public:
    virtual ~owner() = default;

    /// The peer has sent `started` with the name of its node.
    virtual void on_started(const atom& node) = 0;

    /// The peer has violated the protocol (`errc::protocol_violation`). It may send more nevertheless.
    virtual void on_violation(caf::error why) = 0;
  };

  /// All but the options must outlive the exchange. @param self has the clock and the timer for the time-outs of calls.
  /// @param life knows whether there is a connection. @param leader serves the I/O requests of the peer.
  exchange(caf::scheduled_actor& self, const start_options& options, const lifecycle& life,
           console::group_leader& leader, metrics& meter, owner& whom);

  // -- the connection ---

  /// The peer has been started. @param over must live until `close`.
  void open(connection::channel& over) noexcept { channel_ = &over; }

  /// The node has a name: sends the messages that waited for it.
  void name_node(const atom& node);

  /// The peer has ended: answers every call with `why`. Nothing is sent from now on.
  void close(const caf::error& why);

  /// The connection has ended, but not the process: answers every call with `why`.
  void fail_calls(const caf::error& why) { calls_.fail_all(why, channel_); }

  /// Whether messages can be sent to the peer.
  bool connected() const noexcept { return channel_ != nullptr && life_.connected(); }

  // -- requests ---

  /// Sends a call. `caller` gets the answer, or the error if the call cannot be sent.
  void call(call_request& request, caf::typed_response_promise<encoded_term> caller);

  /// Sends a cast; drops it without a connection. Fails with `errc::bad_term` and `errc::overload`.
  caf::error cast(const cast_request& request);

  /// Sends a message; drops it without a connection. Fails as `cast` does.
  caf::error send(send_request request);

  /// Calls a function for this library itself. `then` gets the result or the error.
  void evaluate(const atom& module, const atom& function, const term& arguments, console::evaluated then);

  /// Sends the answer to an I/O request.
  void answer(const wire::io_reply& reply);

  /// Sends a term to a process of the peer as it is. @param to a pid or an alias.
  void send_term(const term& to, const term& content);

  /// Counts and logs a message that was dropped, on its way to the peer or from it.
  void note_dropped(const caf::error& why);

  // -- input ---

  /// Passes on one frame. Ignores what comes after the end of the stream.
  void on_frame(const_byte_span payload);

  /// Returns whether frames were damaged since the last time. Calls whose answers may have been among them wait for
  /// `fail_doubtful`.
  bool check_lost_frames();

  /// Answers the calls whose answers may have been damaged.
  void fail_doubtful();

  /// Reads what has arrived.
  void drain();

  // -- properties ---

  /// Gives an actor of this program a pid that the peer can send to.
  caf::expected<pid> expose(const caf::actor& whom) { return exposed_.add(whom); }

  /// Invalidates its pid.
  void unexpose(const caf::actor& whom) { exposed_.remove(whom); }

  /// What has passed over the connection. @pre `open` was called
  pulse::traffic traffic() const;

  /// Adds what has passed over the connection to the metrics.
  void count_traffic();

  const calls& outstanding() const noexcept { return calls_; }

private:
  void expire_calls();
  caf::error check_call(const call_request& request) const;
  void check_that_it_reads();

  // -- messages of the peer ---
  void on_message(const wire::started& x);
  void on_message(const wire::reply& x);
  void on_message(const wire::undecodable& x);
  void on_message(const wire::message& x);
  void on_message(const wire::io_request& x);

  std::string peer_name_; ///< in the log
  const lifecycle& life_;
  console::group_leader& leader_;
  metrics& metrics_;
  owner& owner_;
  connection::channel* channel_ = nullptr; ///< null before `open` and after `close`
  wire::parser parser_;
  calls calls_;
  alarm call_alarm_; ///< for the next call whose time passes
  outbox outbox_;
  exposed_actors exposed_;
  std::size_t dropped_ = 0; ///< messages
};

} // namespace peer::internal::origin
